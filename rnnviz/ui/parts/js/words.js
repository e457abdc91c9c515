// Sentences of the catalogue, with what is put into them.

/** A text with names in braces; what is not given stays as it is. @param {string} text @param {Record<string, string | number>} values */
export const filled = (text, values) => text.replace(/\{(\w+)\}/g, (all, name) => String(values[name] ?? all));
