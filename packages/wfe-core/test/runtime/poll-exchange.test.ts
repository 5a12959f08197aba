import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { CancelledError } from "../../src/errors/step-errors.ts";
import type { PollEndpointConfig } from "../../src/models/poll-endpoint.ts";
import { storedPollConfig } from "../../src/runtime/poll-config.ts";
import { type PollAnswer, pollOnce, type PollServices } from "../../src/runtime/poll-request.ts";
import { pollRules } from "../../src/runtime/poll-rules.ts";
import { systemHttpClient } from "../../src/runtime/system-http-client.ts";
import { eventually } from "../../src/test-support/eventually.ts";
import { VirtualClock } from "../../src/test-support/virtual-clock.ts";
import type { HttpClient, HttpResponse } from "../../src/traits/http-client.ts";
import { PollServer, type SeenRequest } from "./poll-server.ts";

/** What stands at each path: a status and where it leads to. What is not named says 200. */
let places: Record<string, readonly [status: number, location?: string]>;
let server: PollServer;
let clock: VirtualClock;

beforeEach(async () => {
  places = {};
  clock = new VirtualClock();
  server = await PollServer.start(({ url }, response) => {
    const [status, location] = places[url] ?? [200];
    response.writeHead(status, location === undefined ? {} : { location }).end('"here"');
  });
});
afterEach(() => server.close());

function poll(config: Partial<PollEndpointConfig>, change: Partial<PollServices> = {}, signal?: AbortSignal): Promise<PollAnswer> {
  const { url = "/start", ...rest } = config;
  const stored = storedPollConfig({ url: `${server.origin}${url}`, interval: 1, timeout: "1m", until: { status: 200 }, ...rest });
  const services = { ...pollRules({ allow: [server.origin] }), fetch: systemHttpClient, clock, ...change };
  return pollOnce(stored, {}, services, signal ?? new AbortController().signal);
}

const seen = (): readonly string[] => server.seen.map(({ method, url, body }) => `${method} ${url}${body === "" ? "" : ` ${body}`}`);

describe("a redirect", () => {
  it.each([301, 302, 303, 307, 308])("with %i is followed on the same host, headers and all", async (status) => {
    places["/start"] = [status, "/next?x=1#part"];

    expect(await poll({ headers: { "X-Api-Key": "k" } })).toEqual({ satisfied: true, status: 200, body: "here" });
    expect(seen()).toEqual(["GET /start", "GET /next?x=1"]);
    expect(server.seen.map(({ headers }) => headers["x-api-key"])).toEqual(["k", "k"]);
  });

  it.each([
    [301, "POST", "GET /next"],
    [302, "POST", "GET /next"],
    [303, "POST", "GET /next"],
    [303, "PUT", "GET /next"],
    [301, "PUT", "PUT /next [1]"],
    [307, "POST", "POST /next [1]"],
    [308, "PUT", "PUT /next [1]"],
  ] as const)("with %i of a %s goes on with %s", async (status, method, next) => {
    places["/start"] = [status, `${server.origin}/next`];

    await poll({ method, body: [1], headers: { accept: "text/plain" } });

    expect(seen()).toEqual([`${method} /start [1]`, next]);
    const { headers } = server.seen[1] as SeenRequest; // there are two
    expect([headers["accept"], headers["content-type"]]).toEqual(["text/plain", next.startsWith("GET") ? undefined : "application/json"]);
  });

  it("of a HEAD stays one", async () => {
    places["/start"] = [303, "/next"];

    await poll({ method: "HEAD" });

    expect(seen()).toEqual(["HEAD /start", "HEAD /next"]);
  });

  it("to another host is refused, and nothing is sent there", async () => {
    const other = await PollServer.start((_, response) => void response.end());
    const targets = [other.origin, `//127.0.0.1:${other.port}/x`, `http://localhost:${server.port}/`, server.origin.replace("http:", "https:")];
    const both = pollRules({ allow: [server.origin, other.origin, `http://localhost:${server.port}`] });

    for (const target of targets) {
      places["/start"] = [302, target];
      await expect(poll({}, both)).rejects.toMatchObject({
        code: "WFE_POLL_REDIRECT_REFUSED",
        message: `the poll of ${server.origin}/start was redirected to another host, ${new URL(target, server.origin).origin}`,
      });
    }
    await other.close();

    expect(other.seen).toEqual([]);
    expect(seen()).toEqual(targets.map(() => "GET /start"));
  });

  it.each(["/admin", "../admin", "/api/..%2fadmin", "/apix", "http://user:pass@HOST/api/x"])(
    "to %s is refused, which the host does not allow",
    async (target) => {
      places["/api/start"] = [302, target.replace("HOST", `127.0.0.1:${server.port}`)];

      await expect(poll({ url: "/api/start" }, pollRules({ allow: [`${server.origin}/api`] }))).rejects.toMatchObject({
        code: "WFE_POLL_REDIRECT_REFUSED",
        message: `the poll of ${server.origin}/api/start was redirected to a path that this host may not poll`,
      });
      expect(seen()).toEqual(["GET /api/start"]);
    },
  );

  it.each(["javascript:alert(1)", "file:///etc/passwd", "http://[", "ftp://127.0.0.1/"])("to %s is refused", async (target) => {
    places["/start"] = [302, target];

    await expect(poll({})).rejects.toMatchObject({ code: "WFE_POLL_REDIRECT_REFUSED" });
  });

  it("is followed 5 times and no further, also in a circle", async () => {
    for (let n = 0; n < 5; n += 1) places[`/${n}`] = [302, `/${n + 1}`];
    expect(await poll({ url: "/0" })).toMatchObject({ satisfied: true });

    places["/5"] = [302, "/0"];
    await expect(poll({ url: "/0" })).rejects.toMatchObject({
      code: "WFE_POLL_REDIRECT_REFUSED",
      message: `the poll of ${server.origin}/0 was redirected more than 5 times`,
    });
    expect(server.seen).toHaveLength(12);
  });
});

describe("a poll without an answer", () => {
  it("goes on when nobody listens", async () => {
    await server.close();

    expect(await poll({ url: "/a?b" })).toEqual({ satisfied: false, problem: `${server.origin}/a could not be asked: ECONNREFUSED` });
  });

  it("goes on when the connection breaks, before the answer and within it", async () => {
    const broken = await PollServer.start(({ url }, response) => {
      if (url === "/half") response.write("half");
      setTimeout(() => response.destroy(), 10);
    });
    const services = { ...pollRules({ allow: [broken.origin] }), fetch: systemHttpClient, clock };
    const ask = (url: string): Promise<PollAnswer> =>
      pollOnce(storedPollConfig({ url, interval: 1, timeout: 1, until: { status: 200 } }), {}, services, new AbortController().signal);

    expect(await ask(`${broken.origin}/none`)).toMatchObject({ satisfied: false, problem: expect.stringMatching(/could not be asked: \w+/) });
    expect(await ask(`${broken.origin}/half`)).toMatchObject({ satisfied: false, problem: expect.stringMatching(/could not be asked: \w+/) });
    await broken.close();
  });

  it.each([
    [new TypeError("fetch failed", { cause: new Error("bad port") }), "bad port"],
    [new Error("boom"), "boom"],
    [new Error(""), "no reason given"],
    [null, "no reason given"],
    ["text", "no reason given"],
    [new Error("x".repeat(300)), "x".repeat(200)],
  ])("says why, when the client fails with %o", async (error, reason) => {
    expect(await poll({}, { fetch: () => Promise.reject(error) })).toMatchObject({ problem: `${server.origin}/start could not be asked: ${reason}` });
  });

  it("goes on when the server takes too long, and lets go of it", async () => {
    let closed = false;
    const slow = await PollServer.start((_, response) => {
      response.write("…");
      response.on("close", () => {
        closed = true;
      });
    });
    const config = storedPollConfig({ url: slow.origin, interval: 1, timeout: 1, until: { status: 200 } });
    const answer = pollOnce(config, {}, { ...pollRules({ allow: [slow.origin] }), fetch: systemHttpClient, clock }, new AbortController().signal);
    await eventually(() => expect(slow.seen).toHaveLength(1));

    await clock.advance(30_000);

    expect(await answer).toEqual({ satisfied: false, problem: `${slow.origin}/ gave no answer within 30000 ms` });
    await eventually(() => expect(closed).toBe(true));
    await slow.close();
  });

  it("does not wait for a client or a resolver that heeds no signal, and asks nothing afterwards", async () => {
    const never = new Promise<never>(() => {});
    const hanging = poll({}, { fetch: () => never, requestTimeoutMs: 5 });
    await clock.advance(5);
    expect(await hanging).toMatchObject({ satisfied: false, problem: expect.stringMatching(/no answer within 5 ms/) });

    let give: (secret: string) => void = () => {};
    const secrets = (): Promise<string> =>
      new Promise((resolve) => {
        give = resolve;
      });
    const stuck = poll({ headers: { a: "{secret:A}" } }, { secrets, requestTimeoutMs: 5 });
    await clock.advance(5);
    expect(await stuck).toMatchObject({ satisfied: false });
    give("late");
    await clock.settle();
    expect(server.seen).toEqual([]);
  });

  it("ends with its signal, and leaves neither timer nor listener", async () => {
    const controller = new AbortController();
    const reason = new CancelledError("terminated");
    const asked: AbortSignal[] = [];
    const fetch: HttpClient = (_, { signal }) => {
      asked.push(signal);
      return new Promise(() => {});
    };
    const answer = poll({}, { fetch }, controller.signal);
    await eventually(() => expect(asked).toHaveLength(1));

    controller.abort(reason);

    await expect(answer).rejects.toBe(reason);
    await expect(poll({}, { fetch }, controller.signal)).rejects.toBe(reason);
    expect(asked.map(({ aborted }) => aborted)).toEqual([true]);
  });

  it("lets go of a redirect's body, even one that cannot be let go of", async () => {
    const body: HttpResponse["body"] = {
      [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(new Error("gone")), return: () => Promise.reject(new Error("gone")) }),
    };
    const answers: HttpResponse[] = [
      { status: 302, headers: new Headers({ location: "/next" }), body },
      { status: 307, headers: new Headers({ location: "/last" }), body: null },
      { status: 200, headers: new Headers(), body: null },
    ];

    expect(await poll({}, { fetch: () => Promise.resolve(answers.shift() as HttpResponse) })).toEqual({ satisfied: true, status: 200, body: null });
  });
});

describe("a secret (fault 77)", () => {
  const headers = { Authorization: "Bearer {secret:API_TOKEN}", "X-Both": "{secret:API_TOKEN}/{secret:other.one-2}", "X-None": "{a}" };

  it("is put into the headers at each request, and stands in no config", async () => {
    let turn = 0;
    const asked: string[] = [];
    const secrets = (name: string): string => {
      asked.push(name);
      return `${name}$&${(turn += 1)}\n`; // as read from a file
    };

    await poll({ headers }, { secrets });
    await poll({ headers }, { secrets: (name) => Promise.resolve(secrets(name)) });

    expect(asked).toEqual(["API_TOKEN", "other.one-2", "API_TOKEN", "other.one-2"]);
    expect(server.seen.map(({ headers: { authorization, "x-both": both, "x-none": none } }) => [authorization, both, none])).toEqual([
      ["Bearer API_TOKEN$&1", "API_TOKEN$&1/other.one-2$&2", "{a}"],
      ["Bearer API_TOKEN$&3", "API_TOKEN$&3/other.one-2$&4", "{a}"],
    ]);
  });

  it("is needed", async () => {
    await expect(poll({ headers })).rejects.toMatchObject({
      code: "WFE_POLL_SECRET_MISSING",
      message:
        'the poll needs the secret "API_TOKEN", and this host has no resolver: give one with the option pollEndpoints: { secrets: (name) => … }',
    });
    for (const none of [undefined, "", " \n", 5]) {
      await expect(poll({ headers }, { secrets: () => none as string })).rejects.toMatchObject({
        code: "WFE_POLL_SECRET_MISSING",
        message: 'the resolver of this host has no secret "API_TOKEN"',
      });
    }
    expect(server.seen).toEqual([]);
  });

  it("that no header can hold is refused without being shown", async () => {
    for (const secret of ["hunter2\r\nX-Evil: 1", "hunter2☃"]) {
      const failure: unknown = await poll({ headers }, { secrets: () => secret }).catch((error: unknown) => error);

      expect(failure).toMatchObject({
        code: "WFE_POLL_SECRET_MISSING",
        message: 'the header "Authorization" of the poll has a secret that is no text of one line in Latin-1',
      });
      expect(String((failure as Error).stack)).not.toContain("hunter2");
    }
  });

  it("that cannot be had just now is asked for again by the next request", async () => {
    const secrets = (): never => {
      throw new Error("the vault hunter2 is sealed");
    };

    expect(await poll({ headers }, { secrets })).toEqual({
      satisfied: false,
      problem: `${server.origin}/start could not be asked: the resolver of this host failed for the secret "API_TOKEN"`,
    });
  });

  it("is in no message, whatever the client or the server makes of it", async () => {
    const secrets = (name: string): string => (name === "API_TOKEN" ? "Hunter.2+" : "Hunter.2+longer");
    const leaking = (text: string): Partial<PollServices> => ({ secrets, fetch: () => Promise.reject(new Error(text)) });

    expect(await poll({ headers }, leaking("bad header Bearer Hunter.2+ and Hunter.2+longer and hunter.2+"))).toMatchObject({
      problem: `${server.origin}/start could not be asked: bad header Bearer [secret API_TOKEN] and [secret other.one-2] and [secret API_TOKEN]`,
    });
    places["/start"] = [302, "https://hunter.2.example/"];
    const failure: unknown = await poll({ headers }, { secrets: () => "Hunter.2" }).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: "WFE_POLL_REDIRECT_REFUSED", message: expect.stringContaining("https://[secret API_TOKEN].example") });
    expect(String((failure as Error).stack)).not.toMatch(/hunter/i);
  });
});
