// @ts-check
// Rules of this repository that oxlint's own rules cannot express. JavaScript, because oxlint loads plugins without a build on Node 20.

const ADVICE = "use the Clock and Entropy ports: only the system clock and the system entropy touch the platform";

/** Modules whose whole purpose is time. */
const TIME_MODULES = new Set(["timers", "timers/promises", "perf_hooks"]);

/** Names of `node:crypto` that give chance. */
const CHANCE_OF_CRYPTO = new Set(["randomUUID", "randomBytes", "randomInt", "randomFill", "randomFillSync", "getRandomValues", "webcrypto"]);

/** `new Date()` and `Date()` read the wall clock; `no-restricted-properties` sees `Date.now` only. Imports bring the same in by another door. */
const noAmbientTimeOrChance = {
  meta: { type: "problem" },
  /** @param {any} context */
  create(context) {
    /** @param {any} node @param {string} what */
    const report = (node, what) => context.report({ node, message: `${what}: ${ADVICE}` });

    /** @param {any} node */
    const checkSource = (node) => {
      const name = typeof node.source?.value === "string" ? node.source.value.replace(/^node:/, "") : "";
      if (TIME_MODULES.has(name)) report(node, `import of ${name}`);
      if (name !== "crypto") return;
      for (const specifier of node.specifiers ?? []) {
        const imported = specifier.imported?.name ?? specifier.local?.name;
        const whole = specifier.type === "ImportNamespaceSpecifier" || specifier.type === "ImportDefaultSpecifier";
        if (whole || CHANCE_OF_CRYPTO.has(imported)) report(specifier, `import of ${imported} from crypto`);
      }
    };

    return {
      /** @param {any} node */
      NewExpression(node) {
        if (node.callee.type === "Identifier" && node.callee.name === "Date" && node.arguments.length === 0)
          report(node, "new Date() without a time");
      },
      /** @param {any} node */
      CallExpression(node) {
        if (node.callee.type === "Identifier" && node.callee.name === "Date") report(node, "Date()");
      },
      ImportDeclaration: checkSource,
      ExportNamedDeclaration: checkSource,
      ExportAllDeclaration: checkSource,
      ImportExpression: checkSource,
    };
  },
};

export default { meta: { name: "wfe" }, rules: { "no-ambient-time-or-chance": noAmbientTimeOrChance } };
