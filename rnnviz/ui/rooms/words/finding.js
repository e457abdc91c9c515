// Where a word of the course first stands in a page's own sentences.

/** @typedef {import("./types.js").Word} Word */

// what stands between a Korean noun and the end of its word
const PARTICLES = "은|는|이|가|을|를|의|에|에서|과|와|도|만|마다|들|로|으로|까지|부터|처럼|보다|입니다|이며|이고|이라|라";

/** A word in the text of a language, the longest first. @param {Word[]} words @param {string} lang @returns {{ pattern: RegExp, of: (found: string) => Word }} */
export function finder(words, lang) {
  const own = new Map(words.map((word) => [(lang === "ko" ? word.korean : word.english).toLowerCase(), word]));
  const names = [...own.keys()].sort((a, b) => b.length - a.length).map((name) => name.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  const any = names.join("|");
  const source =
    lang === "ko"
      ? `(?<![가-힣])(${any})(?=(?:${PARTICLES})*(?![가-힣]))`
      : `(?<![\\p{L}\\p{N}_-])(${any})(?:e?s)?(?![\\p{L}\\p{N}_-])`;
  return { pattern: new RegExp(source, "giu"), of: (found) => /** @type {Word} */ (own.get(found.toLowerCase())) };
}

/**
 * The first place of each word, in the order of the texts.
 * @template Text
 * @param {Iterable<Text>} texts @param {(text: Text) => string} read @param {ReturnType<typeof finder>} how
 * @returns {{ word: Word, text: Text, from: number, to: number }[]}
 */
export function firsts(texts, read, { pattern, of }) {
  const seen = new Set();
  const found = [];
  for (const text of texts) {
    for (const match of read(text).matchAll(pattern)) {
      const word = of(match[1]);
      if (seen.has(word)) continue;
      seen.add(word);
      found.push({ word, text, from: match.index, to: match.index + match[1].length });
    }
  }
  return found;
}
