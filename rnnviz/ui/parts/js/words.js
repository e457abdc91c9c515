// Sentences of the catalogue, with what is put into them.

/** A text with names in braces; what is not given stays as it is. @param {string} text @param {Record<string, string | number>} values */
export const filled = (text, values) => text.replace(/\{(\w+)\}/g, (all, name) => String(values[name] ?? all));

/** Whether a character is as wide as it is high, as Hangul is: about two letters of the Latin alphabet. @param {string} token */
export const isWide = (token) => /^[\u1100-\u11ff\u3000-\u30ff\u3131-\u318e\u3400-\u9fff\uac00-\ud7a3\uff01-\uff60]/.test(token);
