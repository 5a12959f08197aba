import { Graphviz } from "@hpcc-js/wasm-graphviz";
import { describe, expect, it } from "vitest";
import { toDot } from "../../src/builder/diagram-dot.ts";
import { toMermaid } from "../../src/builder/diagram-mermaid.ts";
import { diagramLines } from "../../src/builder/diagram-text.ts";
import { WorkflowBuilder } from "../../src/builder/workflow-builder.ts";
import { STEP_KINDS } from "../../src/models/step-definition.ts";
import type { WorkflowDefinition } from "../../src/models/workflow-definition.ts";
import { POINTER_STATUSES, type PointerStatus } from "../../src/models/workflow-status.ts";
import { everyKind } from "./drawn-workflows.ts";

const fn = (): undefined => undefined;

/** Texts that mean something to Mermaid, its Markdown, HTML, Graphviz or a terminal. */
const HOSTILE = [
  'say "hi"',
  "`code` and **bold** _x_ ~y~",
  "a[b](c){d}<e>|f|",
  "</script><b onclick=alert(1)>&amp;&lt;&#35;",
  "#quot; #35; ﬂ°°35¶ß",
  "back\\slash \\N \\G \\l \\",
  "%%{init: {}}%% %% comment",
  "style :x# classDef :#;",
  "--> -.-> ==> ;end",
  "1. first",
  "1) first",
  "- item",
  "+ item",
  "# heading",
  "    indented",
  "a---b -- c",
  "$$x^2$$ $HOME",
  "fa:fa-car @{shape: circle}",
  "www.example.com http://x.example a@b.example",
  "größer ✓ 日本語 עברית",
  "👩‍👩‍👧‍👦 🇩🇪",
  "two\nlines\r\nthree\u2028four",
  "end",
  "\u202eevil\u202c \u0000\u0007 \ud800",
];

const named = (name: string): WorkflowDefinition<object> => new WorkflowBuilder<object>().thenFn(name, fn).name(name).build("w", 1) as never;

describe("a diagram", () => {
  it("of every kind of step is written in Mermaid", async () => {
    expect(new Set(everyKind().graph.steps.map(({ kind }) => kind))).toEqual(new Set(STEP_KINDS));
    await expect(toMermaid(everyKind())).toMatchFileSnapshot("golden/every-kind.mmd");
    expect(toMermaid(everyKind())).toBe(toMermaid(everyKind()));
  });

  it("of every kind of step is written for Graphviz, which draws it", async () => {
    const dot = toDot(everyKind());

    await expect(dot).toMatchFileSnapshot("golden/every-kind.dot");
    const drawn = (await Graphviz.load()).layout(dot, "json", "dot");
    const { name, objects, edges } = JSON.parse(drawn) as {
      readonly name: string;
      readonly objects: readonly { readonly name: string }[];
      readonly edges: unknown[];
    };
    expect(name).toBe("every 1");
    expect(objects.filter((object) => object.name.startsWith("cluster_"))).toHaveLength(
      everyKind().graph.steps.filter(({ blocks }) => blocks !== undefined).length,
    );
    expect(objects.filter((object) => object.name.startsWith("step"))).toHaveLength(everyKind().graph.steps.length);
    expect(edges).toHaveLength(dot.match(/ -> /g)?.length ?? 0);
  });

  it("shows the status of each step's latest pointer, and how many it has had", async () => {
    const pointers = POINTER_STATUSES.map((status, stepId) => ({ stepId, status }));
    const instance = { pointers: [{ stepId: 0, status: "complete" as const }, { stepId: 4, status: "failed" as const }, ...pointers] };

    await expect(toMermaid(everyKind(), instance)).toMatchFileSnapshot("golden/instance.mmd");
    const dot = toDot(everyKind(), instance);
    await expect(dot).toMatchFileSnapshot("golden/instance.dot");
    expect((await Graphviz.load()).layout(dot, "svg", "dot")).toContain("pending, 2 times");
  });

  it("may have no end, and pass over pointers of steps that it does not have", () => {
    const endless = new WorkflowBuilder<object>().thenFn("a", fn).id("a").goTo("a").build("w", 1);
    const instance = { pointers: [{ stepId: 99, status: "failed" as PointerStatus }] };

    expect(toMermaid(endless, instance)).toBe(`flowchart TD
  start(["w 1"])
  step0["a<br/>#35;a"]
  step1>"goTo a"]
  start --> step0
  step0 --> step1
  step1 --> step0
`);
  });

  it("takes what a host takes, and refuses the rest", () => {
    const { id, version, graph, functions } = everyKind();

    expect(toDot({ id, version, graph, functions, fingerprint: "" })).toBe(toDot(everyKind()));
    expect(() => toDot({ id: "w", version: 1, graph: { steps: [] }, functions: new Map(), fingerprint: "" })).toThrow("has a fault");
    expect(() => toMermaid(new WorkflowBuilder<object>() as never)).toThrow(TypeError);
  });

  it("shows durations in the largest unit that is whole", () => {
    const delays = [0, 1, 1_000, 90_000, 3_600_000, 172_800_000].map((ms) => toMermaid(new WorkflowBuilder<object>().delay(ms).build("w", 1)));

    expect(delays.map((text) => /after (\w+)/.exec(text)?.[1])).toEqual(["0ms", "1ms", "1s", "90s", "1h", "2d"]);
  });
});

describe("a text in a diagram", () => {
  it.each(HOSTILE)("means nothing to Mermaid: %j", (text) => {
    const branch = new WorkflowBuilder<object>()
      .parallel((p) => p.branch(text, (b) => b.thenFn(text, fn).id(text)))
      .decide(
        () => text,
        (d) => d.case(text, (b) => b.thenFn("x", fn)).otherwise((b) => b.waitFor(text, "k")),
      )
      .build(text, 1);

    for (const line of toMermaid(branch).split("\n").slice(1, -1)) {
      const [, ...inside] = /^[^"]*"(.*)"[^"]*$/u.exec(line) ?? [];
      for (const shown of inside) expect(shown).toMatch(/^(?:<br\/>|#\d+;|[A-Za-z0-9 ,]|(?<=[A-Za-z0-9])-|(?![ﬂ¶])[\u0080-\u{10ffff}])*$/u);
    }
  });

  it.each(HOSTILE)("is shown by Graphviz as it is: %j", async (text) => {
    const svg = (await Graphviz.load()).layout(toDot(named(text)), "svg", "dot");
    const texts = [...svg.matchAll(/<text [^>]*>(.*?)<\/text>/g)].map(([, shown = ""]) => unescaped(shown));

    expect(texts).toEqual(expect.arrayContaining(diagramLines(text).filter((line) => line !== "")));
  });

  it("is cut after 60 characters, none of which is cut in two", () => {
    expect(diagramLines("🎉".repeat(60))).toEqual(["🎉".repeat(60)]);
    expect(diagramLines("🎉".repeat(61))).toEqual([`${"🎉".repeat(59)}…`]);
    expect(diagramLines(`a${"🎉".repeat(1_000)}`)).toEqual([`a${"🎉".repeat(58)}…`]);
    expect(diagramLines("ü".repeat(100_000))).toEqual([`${"ü".repeat(59)}…`]);
  });

  it("keeps its lines and loses what cannot be seen", () => {
    expect(diagramLines(" a\tb\r\n\u202ec\u202c\n\ud800 \u0000 👩‍👧 \n")).toEqual(["a b", "\ufffdc\ufffd", "\ufffd \ufffd 👩‍👧"]);
  });
});

function unescaped(xml: string): string {
  return xml
    .replace(/&#(\d+);/g, (_, code: string) => String.fromCodePoint(Number(code)))
    .replaceAll("\u00a0", " ")
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&quot;", '"')
    .replaceAll("&#45;", "-")
    .replaceAll("&amp;", "&");
}
