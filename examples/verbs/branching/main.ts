import { ErrorBehavior, ExecutionResult, WorkflowBuilder, WorkflowHostBuilder } from "wfe";
import { sqliteProviders } from "wfe-sqlite";

// A post goes through moderation: a scan says what it is, its author decides how closely people look, and a bad post is written again.

interface Post {
  author: "staff" | "member" | "guest";
  text: string;
  /** Texts that the author has in store when asked for a better one. */
  drafts: string[];
  reviewersNeeded: number;
  likes: number;
  verdict: string;
}

function say(text: string): void {
  console.log(`  ${text}`);
}

const moderation = new WorkflowBuilder<Post>()
  .initialData((post: Pick<Post, "author" | "text" | "drafts">): Post => ({ ...post, reviewersNeeded: 0, likes: 0, verdict: "published" }))
  .defaultErrorBehavior(ErrorBehavior.terminate())

  // An outcome chooses a block; a value without a block ("clean") goes straight on. The compiler knows the three values.
  .thenFn("scan", (ctx) => {
    say(`scan: ${ctx.data.text}`);
    if (/pills/.test(ctx.data.text)) return ExecutionResult.outcome("spam");
    return ExecutionResult.outcome(/https?:/.test(ctx.data.text) ? "link" : "clean");
  })
  .id("scan")
  .onOutcome("spam", (b) =>
    b
      .thenFn("refuse", () => {
        say("spam: refused, whatever would follow");
        return "refused";
      })
      .saveAs("verdict")
      .endWorkflow(),
  )
  .onOutcome("link", (b) =>
    b
      .thenFn("visit the link", () => say("link: visited, harmless"))
      .thenFn("ask for one more reviewer", (ctx) => ctx.data.reviewersNeeded + 1)
      .saveAs("reviewersNeeded"),
  )

  // Every author there can be has a case; leaving one out does not compile.
  .decide(
    (data) => data.author,
    (d) =>
      d
        .case("staff", (b) => b.thenFn("trust", () => say("staff: trusted")))
        .case("member", (b) => b.thenFn("one reviewer", (ctx) => ctx.data.reviewersNeeded + 1).saveAs("reviewersNeeded"))
        .case("guest", (b) => b.thenFn("two reviewers", (ctx) => ctx.data.reviewersNeeded + 2).saveAs("reviewersNeeded")),
  )

  // The condition is asked before each round.
  .whileDo(
    (data) => data.reviewersNeeded > 0,
    (b) =>
      b
        .thenFn("review", (ctx) => {
          const likes = !/THE BEST/.test(ctx.data.text);
          say(`reviewer: ${likes ? "fine" : "too loud"} (${ctx.data.reviewersNeeded - 1} to go)`);
          return likes ? 1 : 0;
        })
        .output((likes, data) => {
          data.likes += likes;
          data.reviewersNeeded -= 1;
        }),
  )
  .ifDo(
    (data) => data.author === "staff" || data.likes > 0,
    (b) => b.thenFn("publish", () => say("published")),
    (b) =>
      b
        .thenFn("ask for another text", (ctx) => {
          say("back to the author");
          return ctx.data.drafts[0] ?? "";
        })
        .output((text, data) => {
          data.text = text;
          data.drafts.shift();
        })
        .goTo("scan"), // out of the block, back to the step with this id
  )
  // Skipped unless the condition holds.
  .thenFn("welcome", () => say("guest: welcomed"))
  .when((data) => data.author === "guest")
  .build("moderation", 1);

await using host = new WorkflowHostBuilder().useProviders(sqliteProviders({ path: ":memory:" })).build();
host.registerWorkflowDefinition(moderation);
await host.start();

const posts: readonly Pick<Post, "author" | "text" | "drafts">[] = [
  { author: "staff", text: "version 2 is out", drafts: [] },
  { author: "member", text: "pictures at https://example.org", drafts: [] },
  { author: "guest", text: "THE BEST SOUP", drafts: ["a good soup"] },
  { author: "guest", text: "cheap pills", drafts: [] },
];
for (const post of posts) {
  console.log(`${post.author} posts`);
  const { verdict, text } = await host.runWorkflow(moderation, post);
  console.log(`  = "${text}" ${verdict}`);
}
