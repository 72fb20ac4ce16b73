import { describe, expect, it } from "vitest";
import { BadArguments, parseBenchArguments } from "./arguments.ts";
import { expectedLength, formatRequest, parseHead } from "./load-job.ts";
import { figuresOf } from "./measure.ts";
import { chooseRows, namesOf, ROWS } from "./rows.ts";
import { advantage, quantile, spreadOf } from "./statistics.ts";
import { formatJson, formatTable, type Outcome, ratioTo, type Result, type Unit } from "./table.ts";
import { parseWrk } from "./wrk.ts";

describe("spreadOf()", () => {
  it("gives the middle of an odd number of figures, in whatever order", () => {
    expect(spreadOf([10, 9, 1])).toEqual({ median: 9, least: 1, most: 10 });
  });

  it("gives what lies between the two in the middle of an even number", () => {
    expect(spreadOf([1, 2, 4, 100]).median).toBe(3);
  });

  it("throws without figures", () => {
    expect(() => spreadOf([])).toThrow(RangeError);
  });

  it("leaves the figures as they were", () => {
    const figures = [3, 1, 2];
    quantile(figures, 0.5);
    expect(figures).toEqual([3, 1, 2]);
  });
});

it("quantile() lies in proportion between two figures", () => {
  expect(quantile([0, 10], 0.99)).toBeCloseTo(9.9);
});

it("advantage() is over 1 for more throughput and for less time", () => {
  expect([advantage(4, 2, "more"), advantage(2, 4, "less")]).toEqual([2, 2]);
});

describe("parseBenchArguments()", () => {
  const known = { rows: ["get-1", "pages"], systems: ["barge", "nginx"] };

  it("asks for five runs of everything by default", () => {
    expect(parseBenchArguments([], known)).toEqual({
      only: [],
      systems: [],
      format: "table",
      runs: 5,
      keep: false,
    });
  });

  it("takes several rows and systems", () => {
    const args = ["--only", "get-1", "--only=pages", "--system", "nginx", "--runs", "2", "--keep"];
    expect(parseBenchArguments([...args, "--format", "json"], known)).toEqual({
      only: ["get-1", "pages"],
      systems: ["nginx"],
      format: "json",
      runs: 2,
      keep: true,
    });
  });

  it.each([
    [["--only", "get-2"], /'get-2'; there are get-1, pages/],
    [["--system", "apache"], /'apache'/],
    [["--format", "xml"], /'xml'/],
    [["--runs", "0"], /'0'/],
    [["--runs", "101"], /'101'/],
    [["--runs", "2.5"], /'2.5'/],
    [["--fast"], /--fast/],
    [["get-1"], /get-1/],
  ])("refuses %j and says why", (args, message) => {
    expect(() => parseBenchArguments(args, known)).toThrow(BadArguments);
    expect(() => parseBenchArguments(args, known)).toThrow(message);
  });
});

describe("figuresOf()", () => {
  it("counts CPU seconds of all runs per work of all runs", () => {
    const samples = [
      { value: 1, work: 1, cpuSeconds: 1 },
      { value: 3, work: 3, cpuSeconds: 1 },
    ];
    expect(figuresOf(samples)).toMatchObject({ value: { median: 2 }, cpuSeconds: 0.5 });
  });

  it("takes the highest memory and the median p99", () => {
    const samples = [1, 2, 9].map((p99Ms) => ({ value: 1, p99Ms, peakRssBytes: p99Ms }));
    expect(figuresOf(samples)).toMatchObject({ p99Ms: 2, peakRssBytes: 9 });
  });

  it("knows nothing of what no run tells", () => {
    expect(figuresOf([{ value: 1 }])).toMatchObject({
      p99Ms: undefined,
      cpuSeconds: undefined,
      peakRssBytes: undefined,
    });
  });
});

describe("the table", () => {
  const results = [
    result(["get", "barge"], "GB/s", 3),
    result(["get", "peer"], "GB/s", 2),
    result(["start", "barge"], "ms", 50),
    result(["start", "peer"], "ms", 100),
  ];

  it("compares within a row, with more than 1 for what is better", () => {
    expect(results.map((one) => ratioTo(one, results))).toEqual([undefined, 1.5, undefined, 2]);
  });

  it("has a line for each result and as many cells in each", () => {
    const lines = formatTable(results).trimEnd().split("\n");
    expect(lines).toHaveLength(6);
    expect(new Set(lines.map((line) => line.split("|").length)).size).toBe(1);
    expect(lines[3]).toBe("| get | peer | GB/s | 2.00 | 1.00-250 | 7.00 | 0.25 | 80 | 1.50 |  |");
  });

  it("shows why there is no result, and no ratio to it", () => {
    const failed = { ...result(["get", "barge"], "GB/s", 3), outcome: none("a | b\nc") };
    const [, , first, second] = formatTable([failed, ...results.slice(1, 2)]).split("\n");
    expect(first).toBe("| get | barge | GB/s | no result |  |  |  |  |  | a / b c |");
    expect(second).toContain("| 80 |  |  |");
  });

  it("tells a program the same", () => {
    expect(JSON.parse(formatJson(results))).toMatchObject([
      {},
      { row: "get", system: "peer", bargeIsTimes: 1.5 },
      {},
      {},
    ]);
  });
});

describe("chooseRows()", () => {
  it("takes a row by its name, and all rows of a group", () => {
    const chosen = chooseRows(ROWS, ["get-1", "skopeo"]).map(({ name }) => name);
    expect(chosen).toEqual(["get-1", "skopeo-push", "skopeo-pull"]);
  });

  it("takes every row when none is named", () => {
    expect(chooseRows(ROWS, [])).toEqual(ROWS);
  });
});

it("no name stands for two rows", () => {
  const names = ROWS.map(({ name }) => name);
  const groups = new Set(ROWS.flatMap(({ group }) => group ?? []));
  expect(namesOf(ROWS)).toHaveLength(names.length + groups.size);
});

describe("parseWrk()", () => {
  const output = `Running 2s test @ http://127.0.0.1:5000/
  Latency Distribution
     50%    1.30ms
     99%    7.21ms
  12345 requests in 2.00s, 10.00MB read
Requests/sec:   6172.50
`;

  it("reads rate, number and p99", () => {
    expect(parseWrk(output)).toEqual({ value: 6172.5, work: 12.345, p99Ms: 7.21 });
  });

  it.each([
    ["us", 0.00721],
    ["s", 7210],
  ])("knows the unit %s", (unit, p99Ms) => {
    expect(parseWrk(output.replace("7.21ms", `7.21${unit}`)).p99Ms).toBeCloseTo(p99Ms);
  });

  it.each([
    "  Non-2xx or 3xx responses: 3",
    "  Socket errors: connect 0, read 3, write 0, timeout 0",
  ])("has no result for '%s'", (line) => {
    expect(() => parseWrk(`${output}${line}\n`)).toThrow(line.trim());
  });

  it("has no result for what it does not understand", () => {
    expect(() => parseWrk("wrk: cannot connect")).toThrow("unknown output");
  });
});

describe("the reader", () => {
  const request = { target: "/v2/", status: 200, sizeBytes: 10 };

  it("asks in the words of HTTP", () => {
    const text = formatRequest({ ...request, headers: { Range: "bytes=0-1" } }).toString();
    expect(text).toBe("GET /v2/ HTTP/1.1\r\nHost: 127.0.0.1\r\nRange: bytes=0-1\r\n\r\n");
  });

  it("takes the length from the head, whatever its letters", () => {
    const head = parseHead("HTTP/1.1 200 OK\r\ncontent-LENGTH: 10\r\n\r\n");
    expect(expectedLength(request, head)).toBe(10);
  });

  it.each([
    "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 10\r\n\r\n",
    "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
  ])("does not take %j for the answer", (head) => {
    expect(() => expectedLength(request, parseHead(head))).toThrow("/v2/ was answered with");
  });
});

function result([row, system]: readonly [string, string], unit: Unit, median: number): Result {
  const figures = {
    value: { median, least: 1, most: 250 },
    p99Ms: 7,
    cpuSeconds: 0.25,
    peakRssBytes: 80e6,
    note: undefined,
  };
  return { row, system, unit, outcome: { kind: "figures", figures } };
}

function none(reason: string): Outcome {
  return { kind: "none", reason };
}
