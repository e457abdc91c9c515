// Arrays as Python packs them: plotly's own form of a typed array, base64 of its bytes.

/** @typedef {{ dtype: string, bdata: string, shape?: string | number[] }} Packed */
/** @typedef {Int8Array | Uint8Array | Int16Array | Uint16Array | Int32Array | Uint32Array | Float32Array | Float64Array} Typed */

const TYPES = {
  i1: Int8Array, u1: Uint8Array, i2: Int16Array, u2: Uint16Array, i4: Int32Array, u4: Uint32Array, f4: Float32Array, f8: Float64Array,
};

/** @param {string} bdata base64 */
export function bytes(bdata) {
  const text = atob(bdata);
  const found = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i += 1) found[i] = text.charCodeAt(i);
  return found;
}

/** @param {Uint8Array} packed by gzip */
export async function inflated(packed) {
  const stream = new Blob([/** @type {BlobPart} */ (packed)]).stream().pipeThrough(new DecompressionStream("gzip"));
  return await new Response(stream).arrayBuffer();
}

/** @param {Packed} array @returns {Typed} */
export function unpacked({ dtype, bdata }) {
  const type = TYPES[/** @type {keyof typeof TYPES} */ (dtype)];
  if (!type) throw new TypeError(`no array of type ${dtype}; there are ${Object.keys(TYPES).join(", ")}`);
  return new type(bytes(bdata).buffer);
}

/** The numbers of a figure of plotly, packed where they were many. @param {any} array @returns {Typed} or a list like one */
export const numbersOf = (array) => (array?.bdata === undefined ? array : unpacked(array));

/**
 * The rows of a flat array, as views on it.
 * @template {Typed} T
 * @param {T} flat
 * @param {number} width numbers in a row
 * @returns {T[]}
 */
export function rows(flat, width) {
  return Array.from({ length: flat.length / width }, (_, i) => /** @type {T} */ (flat.subarray(i * width, (i + 1) * width)));
}
