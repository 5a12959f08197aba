import type { WorkflowDefinition } from "../models/workflow-definition.ts";
import { POINTER_STATUSES, type PointerStatus } from "../models/workflow-status.ts";
import { STATUS_COLORS } from "./diagram-colors.ts";
import { type DiagramEdge, type DiagramMember, diagramOf, type DiagramShape, type DrawnInstance } from "./diagram-model.ts";
import { diagramLines } from "./diagram-text.ts";

/**
 * A definition as a flowchart of [Mermaid](https://mermaid.js.org), as GitHub and many editors draw them. The same definition gives the same text.
 *
 * @param instance - Colors each step by the status of its latest pointer, and says how many it has. @default the definition alone
 * @throws DefinitionError for what is no definition that can run, TypeError for a workflow that is not built.
 */
export function toMermaid(definition: WorkflowDefinition<unknown, never>, instance?: DrawnInstance): string {
  const { members, edges } = diagramOf(definition, instance);
  const byStatus = new Map<PointerStatus, string[]>();
  const lines = ["flowchart TD"];
  writeMembers(members, "  ", lines, byStatus);
  for (const edge of edges) lines.push(`  ${written(edge)}`);
  for (const status of POINTER_STATUSES) {
    const nodes = byStatus.get(status);
    if (nodes === undefined) continue;
    const { fill, line } = STATUS_COLORS[status];
    lines.push(`  classDef ${status} fill:${fill},stroke:${line},color:#000`, `  class ${nodes.join(",")} ${status}`);
  }
  return `${lines.join("\n")}\n`;
}

const BRACKETS: Readonly<Record<DiagramShape, readonly [open: string, close: string]>> = {
  start: ["([", "])"],
  done: ["((", "))"],
  work: ["[", "]"],
  child: ["[[", "]]"],
  wait: ["(", ")"],
  choice: ["{", "}"],
  container: ["{{", "}}"],
  jump: [">", "]"],
  end: ["(((", ")))"],
};
const ARROWS: Readonly<Record<DiagramEdge["style"], string>> = { flow: "-->", fork: "==>", undo: "-.->", jump: "-->" };

function writeMembers(members: readonly DiagramMember[], indent: string, lines: string[], byStatus: Map<PointerStatus, string[]>): void {
  for (const member of members) {
    if ("members" in member) {
      lines.push(`${indent}subgraph ${member.id}[${quoted([member.title])}]`);
      writeMembers(member.members, `${indent}  `, lines, byStatus);
      lines.push(`${indent}end`);
      continue;
    }
    const [open, close] = BRACKETS[member.shape];
    lines.push(`${indent}${member.id}${open}${quoted(member.texts)}${close}`);
    if (member.status === undefined) continue;
    const nodes = byStatus.get(member.status) ?? [];
    nodes.push(member.id);
    byStatus.set(member.status, nodes);
  }
}

function written({ from, to, style, label }: DiagramEdge): string {
  return `${from} ${ARROWS[style]}${label === undefined ? "" : `|${quoted([label])}|`} ${to}`;
}

function quoted(texts: readonly string[]): string {
  return `"${texts
    .flatMap((text) => diagramLines(text))
    .map(escaped)
    .join("<br/>")}"`;
}

/**
 * A line without a character that could mean something to Mermaid, to the Markdown that it reads in labels, or to HTML: those become `#code;`. Also a
 * dash that could begin a list; the last two are Mermaid's own signs for such codes.
 */
function escaped(line: string): string {
  return line.replace(/[^A-Za-z0-9 ,\-\u0080-\u{10ffff}]|(?<![A-Za-z0-9])-|[ﬂ¶]/gu, entity);
}

function entity(character: string): string {
  return `#${character.codePointAt(0)};`;
}
