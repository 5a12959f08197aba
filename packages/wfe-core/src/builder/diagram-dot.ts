import type { WorkflowDefinition } from "../models/workflow-definition.ts";
import { STATUS_COLORS } from "./diagram-colors.ts";
import { type DiagramEdge, type DiagramMember, type DiagramNode, diagramOf, type DiagramShape, type DrawnInstance } from "./diagram-model.ts";
import { diagramLines } from "./diagram-text.ts";

/**
 * A definition in the language of [Graphviz](https://graphviz.org). The same definition gives the same text.
 *
 * @param instance - Colors each step by the status of its latest pointer, and says how many it has. @default the definition alone
 * @throws DefinitionError for what is no definition that can run, TypeError for a workflow that is not built.
 */
export function toDot(definition: WorkflowDefinition<unknown, never>, instance?: DrawnInstance): string {
  const { title, members, edges } = diagramOf(definition, instance);
  const lines = [
    `digraph ${quoted([title])} {`,
    '  graph [charset="UTF-8", fontname="sans-serif"];',
    '  node [shape="box", fontname="sans-serif", style="filled", fillcolor="#ffffff"];',
    '  edge [fontname="sans-serif"];',
  ];
  writeMembers(members, "  ", lines);
  for (const edge of edges) lines.push(`  ${written(edge)}`);
  return `${lines.join("\n")}\n}\n`;
}

const SHAPES: Readonly<Record<DiagramShape, string>> = {
  start: "oval",
  done: "circle",
  work: "box",
  child: "component",
  wait: "oval",
  choice: "diamond",
  container: "hexagon",
  jump: "cds",
  end: "doublecircle",
};
const STYLES: Readonly<Record<DiagramEdge["style"], string | undefined>> = { flow: undefined, fork: "bold", undo: "dotted", jump: "dashed" };

function writeMembers(members: readonly DiagramMember[], indent: string, lines: string[]): void {
  for (const member of members) {
    if ("members" in member) {
      lines.push(`${indent}subgraph "cluster_${member.id}" {`, `${indent}  label=${quoted([member.title])};`);
      writeMembers(member.members, `${indent}  `, lines);
      lines.push(`${indent}}`);
    } else {
      lines.push(`${indent}${member.id} [${nodeAttributes(member)}];`);
    }
  }
}

function nodeAttributes({ texts, shape, status }: DiagramNode): string {
  const colors =
    status === undefined ? [] : [`fillcolor="${STATUS_COLORS[status].fill}"`, `color="${STATUS_COLORS[status].line}"`, `class="${status}"`];
  return [`label=${quoted(texts)}`, ...(shape === "work" ? [] : [`shape="${SHAPES[shape]}"`]), ...colors].join(", ");
}

function written({ from, to, style, label }: DiagramEdge): string {
  const attributes = [
    ...(label === undefined ? [] : [`label=${quoted([label])}`]),
    ...(STYLES[style] === undefined ? [] : [`style="${STYLES[style]}"`]),
    // An edge that leads back, or beside, does not say what stands below what.
    ...(style === "jump" ? ["constraint=false"] : []),
  ];
  return `${from} -> ${to}${attributes.length === 0 ? "" : ` [${attributes.join(", ")}]`};`;
}

/** Text in quotes. Graphviz reads `&lt;` and the like in labels, and `\N` for the name of the node. */
function quoted(texts: readonly string[]): string {
  const lines = texts.flatMap((text) => diagramLines(text)).map((line) => line.replace(/[\\"]/g, "\\$&").replace(/&/g, "&amp;"));
  return `"${lines.join("\\n")}"`;
}
