// The words of a sentence, as the models' lexicon has them, and which of them it knows: for what is still being typed.

const WORD = /(?:[\p{L}\p{N}_](?:'(?=[\p{L}\p{N}_]))?){1,100}|[^\p{L}\p{N}_\s]/gu; // as WORD of models/vocabularies.py

/** @param {string} text @returns {string[]} */
export const split = (text) => text.normalize("NFC").replaceAll("’", "'").toLowerCase().match(WORD) ?? [];

/** Whether a reader wrote a blank there: ____. @param {string} word */
const blank = (word) => /^_+$/.test(word);

/** The words with whether they are unknown; a blank is no word. @param {string} text @param {Set<string>} known */
export const marked = (text, known) => split(text).map((word) => ({ text: word, unknown: !known.has(word) && !blank(word) }));

/**
 * How many words are known, and which are not, each once.
 * @param {{ text: string, unknown: boolean }[]} words
 */
export function counted(words) {
  const asked = words.filter(({ text }) => !blank(text));
  const unknown = asked.filter((word) => word.unknown).map(({ text }) => text);
  return { total: asked.length, known: asked.length - unknown.length, words: [...new Set(unknown)].join(", ") };
}
