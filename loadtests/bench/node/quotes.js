// Node's http with ioredis and automatic pipelining: the cheapest common choice in that world.
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import Redis from "ioredis";

const redis = new Redis({
  host: "127.0.0.1",
  port: Number(process.env.REDIS_PORT),
  password: readFileSync(process.env.REDIS_PASSWORD_FILE, "utf8"),
  enableAutoPipelining: true,
});

createServer(async (request, response) => {
  const url = new URL(request.url, "http://bench");
  const symbols = url.searchParams.get("symbols");
  const keys = (symbols ? symbols.split(",") : [decodeURIComponent(url.pathname.split("/").pop())]).map((s) => `cache:quote:${s}`);
  const found = symbols ? await redis.mget(...keys) : [await redis.get(keys[0])];
  const lines = found.filter((line) => line !== null);
  const body = symbols ? `{"quotes":[${lines.join(",")}]}` : (lines[0] ?? "{}");
  response.writeHead(lines.length ? 200 : 404, { "content-type": "application/json", "content-length": Buffer.byteLength(body) });
  response.end(body);
}).listen(Number(process.env.PORT), "127.0.0.1");
