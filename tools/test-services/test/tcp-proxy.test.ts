import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { afterEach, beforeEach, expect, it } from "vitest";
import { openTcpProxy, type TcpProxy } from "../src/index.ts";

// A server that says what it has got, and ends each answer as PostgreSQL does.
const READY = "Z\0\0\0\u0005I";
let server: Server;
let proxy: TcpProxy;
let got: string[];
const clients: Socket[] = [];

beforeEach(async () => {
  got = [];
  server = await echoing("");
  proxy = await openTcpProxy(urlOf(server));
});

afterEach(async () => {
  for (const client of clients.splice(0)) client.destroy();
  await proxy.close();
  server.close();
});

async function echoing(prefix: string): Promise<Server> {
  const echo = createServer((socket) => {
    socket.on("error", () => {});
    socket.on("data", (chunk) => {
      got.push(chunk.toString());
      socket.write(`${prefix}${chunk.toString()}${READY}`);
    });
  });
  await new Promise<void>((resolve) => void echo.listen(0, "127.0.0.1", resolve));
  return echo;
}

const urlOf = (of: Server): string => `postgres://somebody@127.0.0.1:${(of.address() as AddressInfo).port}/database?application_name=x`;

async function connected(): Promise<Socket> {
  const client = connect(proxy.port, "127.0.0.1");
  clients.push(client);
  await new Promise<void>((resolve, reject) => {
    client.once("error", reject);
    client.once("connect", () => resolve());
  });
  client.on("error", () => {});
  return client;
}

/** What comes next; `undefined` when it is the end. */
function next(client: Socket): Promise<string | undefined> {
  return new Promise((resolve) => {
    client.once("data", (chunk) => resolve(chunk.toString().replaceAll(READY, "")));
    client.once("close", () => resolve(undefined));
  });
}

async function say(client: Socket, text: string): Promise<string | undefined> {
  const answer = next(client);
  client.write(text);
  return await answer;
}

it("leads to the server, with its user and database", async () => {
  expect(proxy.url).toBe(`postgres://somebody@127.0.0.1:${proxy.port}/database?application_name=x`);
  expect(await say(await connected(), "hello")).toBe("hello");
  expect(proxy.connections).toBe(1);
});

it("cuts connections, and lets new ones through", async () => {
  const client = await connected();
  await say(client, "hello");
  const end = next(client);

  proxy.cut();

  expect(await end).toBeUndefined();
  expect(await say(await connected(), "again")).toBe("again");
});

it("refuses new connections for a while and keeps those that there are", async () => {
  const client = await connected();
  await say(client, "hello");

  await proxy.refuse();
  await expect(connected()).rejects.toMatchObject({ code: "ECONNREFUSED" });
  expect(await say(client, "still there")).toBe("still there");
  await proxy.accept();

  expect(await say(await connected(), "again")).toBe("again");
});

it("holds all bytes while it stalls, and lets them through afterwards", async () => {
  const client = await connected();
  await say(client, "hello");

  proxy.stall();
  const answers = [say(client, "held"), say(await connected(), "new")];
  let answered = false;
  for (const answer of answers) void answer.then(() => (answered = true));
  await new Promise((resolve) => void setTimeout(resolve, 50));
  expect({ answered, got }).toEqual({ answered: false, got: ["hello"] });
  proxy.resume();

  expect(await Promise.all(answers)).toEqual(["held", "new"]);
});

it("stalls those that there are alone", async () => {
  const client = await connected();
  await say(client, "hello");

  proxy.stall("present");
  const held = say(client, "held");
  expect(await say(await connected(), "new")).toBe("new");
  client.destroy();

  expect(await held).toBeUndefined();
  expect(proxy.connections).toBe(2); // the server has not heard of the end of one
});

it("loses the answer to a text, once it is there", async () => {
  const client = await connected();
  await say(client, "hello");
  const lost = proxy.loseNextAnswer("COMMIT");

  expect(await say(client, "please COMMIT now")).toBeUndefined();
  await lost;
  expect(got).toEqual(["hello", "please COMMIT now"]);
  expect(await say(await connected(), "COMMIT")).toBe("COMMIT");
});

it("leads new connections to another server", async () => {
  const other = await echoing("other: ");
  const client = await connected();
  await say(client, "hello");

  proxy.retarget(urlOf(other));

  expect(await say(client, "hello")).toBe("hello");
  expect(await say(await connected(), "hello")).toBe("other: hello");
  other.close();
});
