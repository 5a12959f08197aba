import { fileURLToPath } from "node:url";
import ts from "typescript";
import type { CodeBlock } from "./code-blocks.ts";

const PACKAGE = fileURLToPath(new URL("../../", import.meta.url));

/**
 * What the compiler has to say about these blocks, each taken as a file of its own in this package, whose siblings are read from their
 * sources. Examples need no types on what they export; every other flag is the repository's.
 */
export function typeErrors(blocks: readonly CodeBlock[]): readonly string[] {
  const files = new Map(blocks.map((block, index) => [`${PACKAGE}test/docs/example-${index}.ts`, block]));
  const { config } = ts.readConfigFile(`${PACKAGE}tsconfig.json`, (path) => ts.sys.readFile(path));
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, PACKAGE);
  const settings: ts.CompilerOptions = { ...options, isolatedDeclarations: false, declaration: false };
  const disk = ts.createCompilerHost(settings);
  const host: ts.CompilerHost = {
    ...disk,
    fileExists: (path) => files.has(path) || disk.fileExists(path),
    readFile: (path) => files.get(path)?.code ?? disk.readFile(path),
    getSourceFile: (path, version, ...rest) => {
      const block = files.get(path);
      return block === undefined ? disk.getSourceFile(path, version, ...rest) : ts.createSourceFile(path, block.code, version);
    },
  };
  const program = ts.createProgram([...files.keys()], settings, host);
  return [...files].flatMap(([path, block]) => {
    const source = program.getSourceFile(path);
    return [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)].map((found) => {
      const line = source === undefined ? 0 : source.getLineAndCharacterOfPosition(found.start ?? 0).line;
      return `${block.document}:${block.line + line}: ${ts.flattenDiagnosticMessageText(found.messageText, "\n")}`;
    });
  });
}
