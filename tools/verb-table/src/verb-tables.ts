import { providerSets } from "../../../packages/wfe/test/provider-sets.ts";
import { BEHAVIORS, type BehaviorName, expectation, LEVELS } from "../../../packages/wfe/test/scenarios/error-levels.ts";
import { APART, CHOICES, type Container, NESTED, SEVERAL } from "../../../packages/wfe/test/scenarios/every-verb/containers.ts";
import { CONTAINERS, refusal, VERBS } from "../../../packages/wfe/test/scenarios/every-verb/table.ts";
import { markdownTable } from "./markdown-table.ts";

/** Lines between which a document has what this tool writes. */
export const BEGIN = "<!-- Written by `pnpm --filter wfe-verb-table write` from here on. -->";
const END = "<!-- To here. -->";

/** A document with its tables as the scenarios have them now. @throws Error when it has no place for them */
export function withTables(document: string): string {
  const [above, rest] = document.split(BEGIN, 2);
  const below = rest?.split(END, 2)[1];
  if (above === undefined || below === undefined) throw new Error(`the document has no part between ${BEGIN} and ${END}`);
  return `${above}${BEGIN}\n\n${tables()}\n\n${END}${below}`;
}

function tables(): string {
  return [
    `Each of the ${VERBS.length * CONTAINERS.length} marks is a test on each of these stores: ${providerSets.map(({ name }) => name).join(", ")}.
A ✓ works, a – is refused with a \`DefinitionError\` when the workflow is built.`,
    places("In the chain, and in one of several blocks", CHOICES),
    places("In a block that runs several times, or beside others", SEVERAL),
    places("Apart from the flow around it", APART),
    places("Two containers deep", NESTED),
    failures(),
  ].join("\n\n");
}

function places(title: string, containers: readonly Container[]): string {
  const rows = VERBS.map((verb) => [verb.name, ...containers.map((container) => (refusal(verb, container) === undefined ? "✓" : "–"))]);
  return `### ${title}\n\n${markdownTable(["", ...containers.map(({ name }) => name)], rows)}`;
}

/** What becomes of a workflow whose step always fails. */
function failures(): string {
  const names = Object.keys(BEHAVIORS) as readonly BehaviorName[];
  const rows = LEVELS.map((level) => [
    level,
    ...names.map((name) => {
      const { end, failures: count } = expectation(level, name, true);
      return `${end.status === "complete" ? "undone, goes on" : end.status}${count > 1 ? `, after ${count} attempts` : ""}`;
    }),
  ]);
  const intro = "What becomes of a workflow whose step always fails, where `onError` stands in the first column and a retry has `maxRetries: 2`.";
  return `### When a step fails\n\n${intro}\n\n${markdownTable(["`onError`", ...names.map((name) => name.replaceAll(/\w{6,}|retry/g, "`$&`"))], rows)}`;
}
