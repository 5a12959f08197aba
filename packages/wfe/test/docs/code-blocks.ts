/** A block of TypeScript in a document. */
export interface CodeBlock {
  /** Path of the document from the root of the repository. */
  readonly document: string;
  /** Line of the block's first line of code, from 1. */
  readonly line: number;
  readonly code: string;
  /** Whether it is marked `ts run`: a whole program, which ends by itself. */
  readonly runs: boolean;
  /** What the program prints: the `text` block behind it, if there is one. */
  readonly output: string | undefined;
}

const FENCE = /^```(\S*)(?: +(\S+))?$/;

/** The blocks of a Markdown text that are marked `ts` or `ts run`, in order. */
export function codeBlocks(document: string, markdown: string): readonly CodeBlock[] {
  const blocks: CodeBlock[] = [];
  const lines = markdown.split("\n");
  let last: CodeBlock | undefined;
  for (let at = 0; at < lines.length; at += 1) {
    const text = lines[at] ?? "";
    const [, language, mark] = FENCE.exec(text) ?? [];
    if (language === undefined) {
      if (text.trim() !== "") last = undefined; // a text block belongs to the program directly before it
      continue;
    }
    const end = lines.indexOf("```", at + 1);
    if (end === -1) throw new Error(`${document}:${at + 1}: the block has no end`);
    const code = lines.slice(at + 1, end).join("\n");
    if (language === "text" && last?.runs === true) blocks[blocks.length - 1] = { ...last, output: code };
    last = undefined;
    if (language === "ts") {
      if (mark !== undefined && mark !== "run") throw new Error(`${document}:${at + 1}: "${mark}" is no mark of a block: "run" is`);
      last = { document, line: at + 2, code, runs: mark === "run", output: undefined };
      blocks.push(last);
    }
    at = end;
  }
  return blocks;
}
