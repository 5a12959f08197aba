import { describe, expect, it } from "vitest";
import { SerializationError } from "../../src/errors/value-errors.ts";
import type { PollEndpointConfig } from "../../src/models/poll-endpoint.ts";
import { storedPollConfig } from "../../src/runtime/poll-config.ts";

const plain = { url: "https://a.example/x", interval: "1s", timeout: "1m", until: { status: 200 } } as const;
const stored = (change: object): unknown => storedPollConfig({ ...plain, ...change } as PollEndpointConfig);

describe("the settings of a poll", () => {
  it("are copied and frozen, with their durations in milliseconds", () => {
    const headers = { Accept: "text/plain" };
    const config = storedPollConfig({ ...plain, headers, params: { a: 1, b: "x", c: true }, method: "PUT", body: [{ a: null }] });
    headers.Accept = "changed";

    expect(config).toEqual({
      url: "https://a.example/x",
      interval: 1_000,
      timeout: 60_000,
      until: { status: 200 },
      headers: { Accept: "text/plain" },
      params: { a: 1, b: "x", c: true },
      method: "PUT",
      body: [{ a: null }],
    });
    expect(Object.isFrozen(config.headers)).toBe(true);
    expect(storedPollConfig(config)).toEqual(config);
  });

  it.each([
    "http://localhost:8080",
    "HTTPS://A.Example/x?q={a}&r={b.c.0}",
    "https://[::1]:8443/{id}/x",
    "https://a.example/users/@me/{_id}.json",
    "https://пример.example/ü",
    "https://a.example?{q}",
  ])("have an address like %s", (url) => {
    expect(stored({ url })).toMatchObject({ url });
  });

  it.each([
    ["", "must be text that is not empty"],
    [5, "must be text that is not empty"],
    ["/orders", "must be an absolute http or https address"],
    ["//a.example/x", "must be an absolute http or https address"],
    ["ftp://a.example/x", "must be an absolute http or https address"],
    ["file:///etc/passwd", "must be an absolute http or https address"],
    ["javascript:alert(1)", "must be an absolute http or https address"],
    ["{base}/x", "must be an absolute http or https address"],
    ["https://{host}/x", "must be an absolute http or https address"],
    ["https://a.example:{port}/x", "must be an absolute http or https address"],
    ["https://a.example{id}", "must be an absolute http or https address"],
    ["https://user:pass@a.example/x", "without credentials"],
    ["http://allowed.example@evil.example/x", "without credentials"],
    ["https:///x", "must be an absolute http or https address"],
    ["https://a.example:99999/x", "is no valid address"],
    ["https://a example/x", "must not contain spaces"],
    ["https://a.example/\nx", "must not contain spaces"],
    ["https://a.example\\@evil.example/", "backslashes"],
    ["https://a.example/x#part", "a fragment"],
    ["https://a.example/{}", "has a placeholder that is no name, or names joined by dots: {}"],
    ["https://a.example/{a b}", "must not contain spaces"],
    ["https://a.example/{secret:A}", "has a placeholder that is no name, or names joined by dots: {secret:A}"],
    ["https://a.example/{a", "has a brace that belongs to no placeholder"],
    ["https://a.example/{{a}}", "has a brace that belongs to no placeholder"],
    ["https://a.example/api/../admin", "must not have dot segments"],
    ["https://a.example/api/%2E%2e/admin", "must not have dot segments"],
    ["https://a.example/api/..%2fadmin", "must not have dot segments"],
    ["https://a.example/api/%252e%252e/admin", "must not have dot segments"],
    ["https://a.example/api/..;a/admin", "must not have dot segments"],
    ["https://a.example/./x", "must not have dot segments"],
  ])("have no address like %s", (url, fault) => {
    expect(() => stored({ url })).toThrow(RangeError);
    expect(() => stored({ url })).toThrow(/^url of pollEndpoint /);
    expect(() => stored({ url })).toThrow(fault);
  });

  it.each<[string, object, string]>([
    ["an unknown setting", { header: {} }, 'pollEndpoint has no setting "header"'],
    ["an unknown method", { method: "PATCH" }, "method of pollEndpoint must be GET, POST, PUT or HEAD: got PATCH"],
    ["no interval", { interval: 0 }, "interval of pollEndpoint must be longer than 0"],
    ["a bad interval", { interval: "soon" }, "interval of pollEndpoint must be milliseconds"],
    ["no timeout", { timeout: undefined }, "timeout of pollEndpoint must be milliseconds"],
    ["a body without a method", { body: 1 }, "body of pollEndpoint goes with POST or PUT: the method is GET"],
    ["a body of a HEAD", { method: "HEAD", body: 1 }, "the method is HEAD"],
    ["params that are a list", { params: [] }, "params of pollEndpoint must be a record"],
    ["params with objects", { params: { a: "x", b: {} } }, 'params of pollEndpoint must have text, finite numbers and booleans: "b" is none'],
    ["params without end", { params: { a: Infinity } }, '"a" is none'],
    ["headers that are a list", { headers: [] }, "headers of pollEndpoint must be a record of texts"],
    ["no headers", { headers: null }, "headers of pollEndpoint must be a record of texts"],
    ["a header without a name", { headers: { "": "x" } }, 'headers of pollEndpoint has "", which is no name of a header'],
    ["a header with a bad name", { headers: { "a b": "x" } }, 'has "a b", which is no name of a header'],
    ["a header of the client", { headers: { Host: "evil" } }, 'has "Host", which the client sets by itself'],
    ["a header twice", { headers: { accept: "a", Accept: "b" } }, 'has "Accept" twice'],
    ["a header with two lines", { headers: { a: "x\r\nb: y" } }, 'has "a" with a value that is no text of one line in Latin-1'],
    ["a header beyond Latin-1", { headers: { a: "☃" } }, 'has "a" with a value'],
    ["a header that is a number", { headers: { a: 1 } }, 'has "a" with a value'],
    ["a bad reference to a secret", { headers: { a: "Bearer {secret: A}" } }, 'has "a" with a reference to a secret that is not like {secret:NAME}'],
    ["an open reference to a secret", { headers: { a: "Bearer {secret:A" } }, 'has "a" with a reference to a secret'],
    ["no condition", { until: {} }, "until of pollEndpoint must be { status }, { path, equals } or { bodyContains }"],
    ["half a condition", { until: { path: "a" } }, "until of pollEndpoint must be"],
    ["a condition that equals nothing", { until: { path: "a", equals: undefined } }, "until of pollEndpoint must be"],
    ["two conditions", { until: { status: 200, bodyContains: "x" } }, "until of pollEndpoint must be"],
    ["a condition that is a list", { until: ["status"] }, "until of pollEndpoint must be"],
    ["a status that is text", { until: { status: "200" } }, "status of until of pollEndpoint must be a whole number from 200 to 599"],
    ["a status before the answer", { until: { status: 100 } }, "status of until"],
    ["a status beyond the last", { until: { status: 600 } }, "status of until"],
    ["an empty path", { until: { path: "", equals: 1 } }, "path of until of pollEndpoint must be names joined by dots"],
    ["a path with a gap", { until: { path: "a..b", equals: 1 } }, "path of until"],
    ["a path with brackets", { until: { path: "a[0]", equals: 1 } }, "path of until"],
    ["a path that is no text", { until: { path: 1, equals: 1 } }, "path of until"],
    ["an empty text", { until: { bodyContains: "" } }, "bodyContains of until of pollEndpoint must be text that is not empty"],
    ["a text that is none", { until: { bodyContains: 1 } }, "bodyContains of until"],
    ["a body awaited of a HEAD", { method: "HEAD", until: { bodyContains: "x" } }, "until of pollEndpoint must be { status } with the method HEAD"],
  ])("are refused with %s", (_, change, fault) => {
    expect(() => stored(change)).toThrow(RangeError);
    expect(() => stored(change)).toThrow(fault);
  });

  it("show no value of a header when they are refused", () => {
    expect(() => stored({ headers: { Authorization: "Bearer hunter2\n" } })).toThrow(
      expect.not.objectContaining({ message: expect.stringContaining("hunter2") }),
    );
  });

  it("are refused when they are none, or hold what JSON cannot", () => {
    expect(() => storedPollConfig(null as never)).toThrow(TypeError);
    expect(() => storedPollConfig([] as never)).toThrow(TypeError);
    expect(() => stored({ method: "POST", body: { at: new Date(0) } })).toThrow(SerializationError);
  });
});
