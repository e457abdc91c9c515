// The rules for every script, ours in the browser and the tests in node.
import js from "@eslint/js";
import globals from "globals";

export default [
  { ignores: ["**/vendor/**", "**/node_modules/**"] },
  js.configs.recommended,
  {
    files: ["**/rnnviz/{ui,paper}/**/*.js"],
    languageOptions: { ecmaVersion: 2024, sourceType: "module", globals: globals.browser },
    rules: {
      "no-var": "error",
      "prefer-const": "error",
      eqeqeq: "error",
      "no-shadow": "error",
      "no-implicit-globals": "error",
      "no-restricted-properties": [
        "error",
        { property: "innerHTML", message: "Text of the reader goes in as text: element(), textContent." },
        { property: "outerHTML", message: "Text of the reader goes in as text: element(), textContent." },
        { property: "insertAdjacentHTML", message: "Text of the reader goes in as text: element(), textContent." },
      ],
      "max-lines": ["error", 500],
    },
  },
  {
    files: ["**/tests/js/**/*.js"],
    languageOptions: { ecmaVersion: 2024, sourceType: "module", globals: globals.node },
  },
];
