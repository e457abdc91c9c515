// What of qrcode-generator we use, for the check of types; the browser never asks for this file.
export function qrcode(typeNumber: number, level: "L" | "M" | "Q" | "H"): {
  addData(text: string, mode?: "Byte"): void;
  make(): void;
  getModuleCount(): number;
  isDark(row: number, column: number): boolean;
};
