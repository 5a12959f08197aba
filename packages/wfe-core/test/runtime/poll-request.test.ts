import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { SerializationError } from "../../src/errors/value-errors.ts";
import type { PollEndpointConfig } from "../../src/models/poll-endpoint.ts";
import { storedPollConfig } from "../../src/runtime/poll-config.ts";
import { type PollAnswer, pollOnce, type PollServices } from "../../src/runtime/poll-request.ts";
import { pollRules } from "../../src/runtime/poll-rules.ts";
import { systemHttpClient } from "../../src/runtime/system-http-client.ts";
import { eventually } from "../../src/test-support/eventually.ts";
import { VirtualClock } from "../../src/test-support/virtual-clock.ts";
import { PollServer } from "./poll-server.ts";

let server: PollServer;
/** What the server does next; it says 404 to all else. */
let answer: Parameters<typeof PollServer.start>[0];
let clock: VirtualClock;

beforeEach(async () => {
  answer = (_, response) => void response.writeHead(404).end();
  clock = new VirtualClock();
  server = await PollServer.start((request, response) => answer(request, response));
});
afterEach(() => server.close());

const services = (change: Partial<PollServices> = {}): PollServices => ({
  ...pollRules({ allow: [server.origin] }),
  fetch: systemHttpClient,
  clock,
  ...change,
});

/** Polls once. @param config - Its address is a path of the server. */
function poll(
  config: Partial<PollEndpointConfig> & { readonly data?: unknown },
  change: Partial<PollServices> = {},
  signal?: AbortSignal,
): Promise<PollAnswer> {
  const { data = {}, url = "/", ...rest } = config;
  const stored = storedPollConfig({ url: `${server.origin}${url}`, interval: 1, timeout: "1m", until: { status: 200 }, ...rest });
  return pollOnce(stored, data, services(change), signal ?? new AbortController().signal);
}

const says = (status: number, body = "", headers: Record<string, string> = {}): void => {
  answer = (_, response) => void response.writeHead(status, headers).end(body);
};

describe("a poll for a status", () => {
  it("is satisfied by that status, and gives the body", async () => {
    says(200, '{"state":"done","n":[1,null]}', { "content-type": "application/json" });

    expect(await poll({})).toEqual({ satisfied: true, status: 200, body: { state: "done", n: [1, null] } });
  });

  it.each([202, 302, 304, 404, 408, 425, 429, 500, 503])("goes on after %i", async (status) => {
    says(status, status === 304 ? "" : "busy");

    expect(await poll({ url: "/a?token=x" })).toEqual({ satisfied: false, problem: `${server.origin}/a answered with the status ${status}` });
  });

  it.each([400, 401, 403, 405, 409, 410, 422, 451])("fails with %i", async (status) => {
    says(status, "no");

    await expect(poll({})).rejects.toMatchObject({
      name: "PollError",
      code: "WFE_POLL_REJECTED",
      message: `${server.origin}/ answered with the status ${status}`,
    });
  });

  it.each([302, 404, 410, 503])("may wait for %i", async (status) => {
    says(status, "text", { location: "https://elsewhere.example" });

    expect(await poll({ until: { status } })).toEqual({ satisfied: true, status, body: "text" });
  });
});

describe("a poll for a body", () => {
  it.each<[unknown, string]>([
    ["done", "state"],
    [{ id: 1, tags: ["a", "b"] }, "$.order"],
    ["b", "order.tags.1"],
    [0, "zero"],
    [null, "nothing"],
  ])("is satisfied by %j at %s", async (equals, path) => {
    const body = { state: "done", order: { tags: ["a", "b"], id: 1 }, zero: 0, nothing: null };
    says(200, JSON.stringify(body).replace('"zero":0', '"zero":-0.0'));

    expect(await poll({ until: { path, equals: equals as never } })).toEqual({ satisfied: true, status: 200, body });
  });

  it.each<[unknown, string]>([
    ["open", "state"],
    [1, "one"],
    [{ tags: ["a", "b"] }, "order"],
    [["b", "a"], "order.tags"],
    [null, "missing"],
    [2, "order.tags.length"],
    ["x", "state.toString"],
  ])("goes on without %j at %s", async (equals, path) => {
    says(200, JSON.stringify({ state: "done", one: "1", order: { tags: ["a", "b"], id: 1 } }));

    expect(await poll({ until: { path, equals: equals as never } })).toEqual({
      satisfied: false,
      problem: `${server.origin}/ answered with the status 200, and its body is not what is awaited`,
    });
  });

  it("looks for a text in the body as it was sent, whatever it is", async () => {
    says(201, "<state>fertig: größer ✓ 🎉</state>", { "content-type": "text/xml; charset=utf-8" });

    expect(await poll({ until: { bodyContains: "größer ✓ 🎉" } })).toEqual({
      satisfied: true,
      status: 201,
      body: "<state>fertig: größer ✓ 🎉</state>",
    });
    expect(await poll({ until: { bodyContains: "Fertig" } })).toMatchObject({ satisfied: false });
  });

  it("takes no answer for it that is not of 2xx", async () => {
    says(500, '{"state":"done"}');

    expect(await poll({ until: { path: "state", equals: "done" } })).toMatchObject({
      satisfied: false,
      problem: expect.stringMatching(/status 500$/),
    });
  });

  it("fails with 404: there is nothing of which a body could be awaited", async () => {
    await expect(poll({ until: { bodyContains: "done" } })).rejects.toMatchObject({ code: "WFE_POLL_REJECTED" });
  });
});

describe("the body of an answer", () => {
  it.each([
    ["", null],
    ["plain", "plain"],
    ["123", 123],
    ['"text"', "text"],
    ["\uFEFF[1]", [1]],
    ["{", "{"],
  ])("%j is %j", async (text, body) => {
    says(200, text);

    expect(await poll({})).toEqual({ satisfied: true, status: 200, body });
  });

  it("is null for 204 and for HEAD", async () => {
    says(204);
    expect(await poll({ until: { status: 204 } })).toEqual({ satisfied: true, status: 204, body: null });

    says(200, "", { "content-length": "99999999" });
    expect(await poll({ method: "HEAD" })).toEqual({ satisfied: true, status: 200, body: null });
  });

  it("is unpacked, and read in the encoding that it names", async () => {
    answer = (_, response) => void response.writeHead(200, { "content-encoding": "gzip" }).end(gzipSync('{"ok":"ü"}'));
    expect(await poll({})).toMatchObject({ body: { ok: "ü" } });

    answer = (_, response) => void response.writeHead(200, { "content-type": "text/plain; charset=iso-8859-1" }).end(Buffer.from("ü", "latin1"));
    expect(await poll({})).toMatchObject({ body: "ü" });

    answer = (_, response) => void response.writeHead(200, { "content-type": "text/plain; charset=klingon" }).end("ü");
    expect(await poll({})).toMatchObject({ body: "ü" });
  });

  it("may have its characters cut anywhere", async () => {
    const bytes = Buffer.from('"🎉ü"');
    answer = (_, response) => {
      response.writeHead(200);
      response.write(bytes.subarray(0, 3));
      setTimeout(() => response.end(bytes.subarray(3)), 20);
    };

    expect(await poll({})).toMatchObject({ body: "🎉ü" });
  });

  it("may be as long as the limit and no longer, unpacked", async () => {
    says(200, "x".repeat(100));
    expect(await poll({}, { maxBodySize: 100 })).toMatchObject({ satisfied: true });

    await expect(poll({}, { maxBodySize: 99 })).rejects.toMatchObject({
      code: "WFE_POLL_BODY_TOO_LARGE",
      message: `the answer of ${server.origin}/ is longer than 99 bytes: raise the option pollEndpoints: { maxBodySize }, or ask for less`,
    });

    answer = (_, response) => void response.writeHead(200, { "content-encoding": "gzip" }).end(gzipSync(Buffer.alloc(10_000_000)));
    await expect(poll({})).rejects.toMatchObject({ code: "WFE_POLL_BODY_TOO_LARGE" });
  });

  it("is not read beyond the limit", async () => {
    let closed = false;
    answer = (_, response) => {
      response.on("close", () => {
        closed = true;
      });
      const more = (): void => void (closed || response.write("x".repeat(65_536), more));
      more();
    };

    await expect(poll({})).rejects.toMatchObject({ code: "WFE_POLL_BODY_TOO_LARGE" });
    await eventually(() => expect(closed).toBe(true));
  });

  it("is not read when nobody asks for it", async () => {
    let closed = false;
    answer = (_, response) => {
      response.on("close", () => {
        closed = true;
      });
      response.writeHead(503);
      response.write("x");
    };

    expect(await poll({})).toMatchObject({ satisfied: false });
    await eventually(() => expect(closed).toBe(true));
  });

  it.each(['{"__proto__":1}', "[1e999]", `${"[".repeat(300)}${"]".repeat(300)}`])("is refused when it cannot be stored", async (text) => {
    says(200, text);

    await expect(poll({})).rejects.toThrow(SerializationError);
  });
});

describe("the request of a poll", () => {
  it.each(["GET", "HEAD", "POST", "PUT"] as const)("has the method %s", async (method) => {
    says(200);

    await poll({ method });

    expect(server.seen).toMatchObject([{ method, url: "/", body: "" }]);
  });

  it("has its headers and its body as JSON", async () => {
    says(200);

    await poll({ method: "POST", headers: { Accept: "text/plain", "X-Size": "ü" }, body: { a: ["ü", 1] } });
    await poll({ method: "PUT", body: "text" });

    expect(server.seen).toMatchObject([
      { method: "POST", headers: { accept: "text/plain", "x-size": "ü", "content-type": "application/json" }, body: '{"a":["ü",1]}' },
      { method: "PUT", headers: { "content-type": "application/json" }, body: '"text"' },
    ]);
  });

  it("has a text as it is under another content type, and anything else as JSON", async () => {
    says(200);

    await poll({ method: "POST", headers: { "Content-Type": "application/x-www-form-urlencoded" }, body: "a=1&b=2" });
    await poll({ method: "POST", headers: { "Content-Type": "application/vnd.x+json" }, body: "text" });
    await poll({ method: "POST", headers: { "Content-Type": "text/plain" }, body: [1] });

    expect(server.seen.map(({ headers, body }) => [headers["content-type"], body])).toEqual([
      ["application/x-www-form-urlencoded", "a=1&b=2"],
      ["application/vnd.x+json", '"text"'],
      ["text/plain", "[1]"],
    ]);
  });

  it("has its placeholders filled from its params, or else from the data", async () => {
    says(200);

    await poll({
      url: "/orders/{orderId}/{line.no}?q={q}&empty={empty}",
      params: { orderId: "a/b", q: "x&y=z #ü", empty: "" },
      data: { orderId: "not this", line: { no: 0 } },
    });

    expect(server.seen).toMatchObject([{ url: "/orders/a%2Fb/0?q=x%26y%3Dz%20%23%C3%BC&empty=" }]);
  });

  it.each([
    "@evil.example",
    ":8080",
    "//evil.example",
    "\\\\evil.example",
    "?admin=1",
    "#x",
    "a\r\nX-Evil: 1",
    "{other}",
    "{secret:API_TOKEN}",
    "...",
    "..a",
    "%00",
    "🎉",
    ";a",
  ])("keeps the value %j of a placeholder in its place", async (id) => {
    says(200);

    await poll({ url: "/api/{id}/state", params: { id } });

    expect(server.seen.map(({ url }) => url.split("/"))).toEqual([["", "api", encodeURIComponent(id), "state"]]);
  });

  it.each<[string, unknown, RegExp]>([
    ["/api/{id}/x", "..", /would get a dot segment in its path/],
    ["/api/{id}/x", ".", /would get a dot segment/],
    ["/api/.{id}/x", ".", /would get a dot segment/],
    ["/api/{id}", "../../admin", /would get a dot segment/],
    ["/api/{id}", "..\\admin", /would get a dot segment/],
    ["/api/{id}", "%2e%2e", /would get a dot segment/],
    ["/api/{id}", "%2e%2e%2fadmin", /would get a dot segment/],
    ["/api/{id}", "..;x", /would get a dot segment/],
    ["/api/{id}", "", /the placeholder \{id\} in the path of the poll's url is empty/],
    ["/api/{id}", "\ud800", /half a character/],
    ["/api/{id}", "x".repeat(9_000), /longer than 8192 characters/],
    ["/api/{id}", undefined, /has the placeholder \{id\}, which neither params nor the data has/],
    ["/api/{id}", { toString: () => "x" }, /has the placeholder \{id\}, whose value is neither text, nor a number, nor a boolean/],
    ["/api/{id}", NaN, /whose value is neither/],
    ["/api/{id}", null, /whose value is neither/],
    ["/api/{constructor}", undefined, /which neither params nor the data has/],
  ])("is not sent to %s with %j", async (url, id, message) => {
    await expect(poll({ url, data: { id } })).rejects.toMatchObject({ code: "WFE_POLL_URL_INVALID", message: expect.stringMatching(message) });
    expect(server.seen).toEqual([]);
  });

  it("goes to what the host allows alone", async () => {
    const { origin, port } = server;
    const refused = (url: string, origins = origin): Promise<unknown> =>
      expect(
        pollOnce(
          storedPollConfig({ url, interval: 1, timeout: 1, until: { status: 200 } }),
          {},
          services(pollRules({ allow: [origins] })),
          new AbortController().signal,
        ),
      ).rejects.toMatchObject({ code: "WFE_POLL_URL_NOT_ALLOWED" });

    await refused(`http://localhost:${port}/`);
    await refused("http://127.0.0.1.evil.example/");
    await refused(`${origin}/admin`, `${origin}/api`);
    await refused(`${origin}/apix`, `${origin}/api`);
    await refused(origin.replace("http:", "https:"));

    await expect(poll({ url: "/a?token=x" }, pollRules())).rejects.toMatchObject({
      message: `this host may not poll ${origin}/a: allow it with the option pollEndpoints: { allow: ["${origin}"] }`,
    });
    expect(server.seen).toEqual([]);
  });

  it("may go to an address of IPv6", async () => {
    const six = await PollServer.start((_, response) => void response.end('"six"'), "::1");
    const url = `http://[::1]:${six.port}/`;
    const config = storedPollConfig({ url, interval: 1, timeout: 1, until: { status: 200 } });

    const got = await pollOnce(config, {}, services(pollRules({ allow: [url] })), new AbortController().signal);
    await six.close();

    expect(got).toEqual({ satisfied: true, status: 200, body: "six" });
  });
});
