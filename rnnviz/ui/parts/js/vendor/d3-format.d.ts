// What of d3-format we use, for the check of types; the browser never asks for this file.
export function format(specifier: string): (value: number) => string;
