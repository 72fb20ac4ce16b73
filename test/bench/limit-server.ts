/**
 * The shortest way there is from a file to a socket: one blocking `sendfile` after the other, for one
 * connection at a time. What a reader gets from it, it can take at the least.
 * `node limit-server.ts DATA-DIRECTORY PORT`, Linux only.
 */
import { dlopen } from "node:ffi";
import { openSync, statSync } from "node:fs";
import { join } from "node:path";

const AF_INET = 2;
const SOCK_STREAM = 1;
const SOL_SOCKET = 1;
const SO_REUSEADDR = 2;
const MSG_NOSIGNAL = 0x4000;
const SLICE_BYTES = 16 * 1024 * 1024;

const [dataDirectory = "", port = ""] = process.argv.slice(2);
const { functions: kernel } = dlopen("libc.so.6", {
  socket: { arguments: ["i32", "i32", "i32"], return: "i32" },
  setsockopt: { arguments: ["i32", "i32", "i32", "buffer", "u32"], return: "i32" },
  bind: { arguments: ["i32", "buffer", "u32"], return: "i32" },
  listen: { arguments: ["i32", "i32"], return: "i32" },
  accept: { arguments: ["i32", "u64", "u64"], return: "i32" },
  recv: { arguments: ["i32", "buffer", "u64", "i32"], return: "i64" },
  send: { arguments: ["i32", "buffer", "u64", "i32"], return: "i64" },
  sendfile: { arguments: ["i32", "i32", "buffer", "u64"], return: "i64" },
  close: { arguments: ["i32"], return: "i32" },
});

const listener = kernel.socket(AF_INET, SOCK_STREAM, 0);
const one = Buffer.from([1, 0, 0, 0]);
kernel.setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, one, one.length);
const address = Buffer.alloc(16);
address.writeUInt16LE(AF_INET, 0);
address.writeUInt16BE(Number(port), 2);
address.set([127, 0, 0, 1], 4);
if (kernel.bind(listener, address, address.length) !== 0) throw new Error("the port is taken");
kernel.listen(listener, 16);
for (;;) serve(kernel.accept(listener, 0n, 0n));

function serve(socket: number): void {
  const buffer = Buffer.alloc(16 * 1024);
  for (;;) {
    const count = Number(kernel.recv(socket, buffer, BigInt(buffer.length), 0));
    if (count <= 0) break;
    const hex = /sha256:([0-9a-f]{64})/.exec(buffer.toString("latin1", 0, count))?.[1];
    if (hex === undefined) sendText(socket, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}");
    else sendBlob(socket, hex);
  }
  kernel.close(socket);
}

function sendBlob(socket: number, hex: string): void {
  const blobs = join(dataDirectory, "docker/registry/v2/blobs/sha256");
  const file = join(blobs, hex.slice(0, 2), hex, "data");
  const sizeBytes = statSync(file).size;
  const descriptor = openSync(file, "r");
  sendText(socket, `HTTP/1.1 200 OK\r\nContent-Length: ${sizeBytes}\r\n\r\n`);
  const offset = Buffer.alloc(8);
  for (let sent = 0; sent < sizeBytes;) {
    const count = Number(kernel.sendfile(socket, descriptor, offset, BigInt(SLICE_BYTES)));
    if (count <= 0) break;
    sent += count;
  }
  kernel.close(descriptor);
}

function sendText(socket: number, text: string): void {
  const bytes = Buffer.from(text);
  kernel.send(socket, bytes, BigInt(bytes.length), MSG_NOSIGNAL);
}
