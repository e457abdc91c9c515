/**
 * What Python sends, by what the place is for.
 * @typedef {{ part: "print", labels: Record<"print", string> }} PrintData
 * @typedef {"code" | "dense" | "long" | "open" | "add" | "added" | "full" | "unkept"} LinkLabel
 * @typedef {{ part: "link", link: string, kept: string, title: string, labels: Record<LinkLabel, string> }} LinkData kept: the link from the app's own address on
 * @typedef {"list" | "none" | "title" | "up" | "down" | "remove" | "start" | "gone" | "paste" | "add" | "foreign" | "full" | "unkept"} ViewsLabel
 * @typedef {{ part: "views", titles: Record<string, string>, labels: Record<ViewsLabel, string> }} ViewsData titles: by the pages' addresses
 * @typedef {(PrintData | LinkData | ViewsData) & { unloaded: string }} Data
 */
export {};
