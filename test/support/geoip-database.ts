/**
 * Writes small databases in MaxMind's format (https://maxmind.github.io/MaxMind-DB/), version 2.0, for IPv4 and IPv6: a
 * binary tree of 24-bit records over the bits of an address, the data, and the metadata.
 */
import { isIPv4 } from 'node:net';

type Value = string | number | readonly Value[] | { readonly [key: string]: Value };

const MARKER = Buffer.from('\xab\xcd\xefMaxMind.com', 'latin1');
const [STRING, DOUBLE, UINT32, MAP, ARRAY] = [2, 3, 6, 7, 11] as const;

/** Networks as `192.0.2.0/24`, each with its record. */
export function geoipDatabase(networks: Readonly<Record<string, Value>>): Buffer {
  const root: Node = { children: [null, null] };
  const data: Buffer[] = [];
  let dataBytes = 0;
  for (const [network, record] of Object.entries(networks)) {
    const [address, length] = network.split('/') as [string, string];
    const isOld = isIPv4(address);
    insert(root, bitsOf(address).slice(0, Number(length) + (isOld ? 96 : 0)), { offset: dataBytes });
    const encoded = encode(record);
    data.push(encoded);
    dataBytes += encoded.length;
  }
  const nodes: Node[] = [];
  number(root, nodes);
  const tree = Buffer.concat(nodes.map((node) => recordPair(node, nodes.length)));
  const metadata = {
    binary_format_major_version: 2,
    binary_format_minor_version: 0,
    build_epoch: 1_700_000_000,
    database_type: 'Test',
    description: { en: 'for tests' },
    ip_version: 6,
    languages: ['en'],
    node_count: nodes.length,
    record_size: 24,
  };
  return Buffer.concat([tree, Buffer.alloc(16), ...data, MARKER, encode(metadata)]);
}

interface Leaf {
  readonly offset: number;
}
interface Node {
  readonly children: [Node | Leaf | null, Node | Leaf | null];
  index?: number;
}

function insert(root: Node, bits: readonly (0 | 1)[], leaf: Leaf): void {
  let node = root;
  for (const bit of bits.slice(0, -1)) {
    node.children[bit] ??= { children: [null, null] };
    node = node.children[bit] as Node;
  }
  node.children[bits.at(-1)!] = leaf;
}

function number(node: Node, nodes: Node[]): void {
  node.index = nodes.push(node) - 1;
  for (const child of node.children) if (child !== null && 'children' in child) number(child, nodes);
}

function recordPair({ children }: Node, count: number): Buffer {
  const pair = Buffer.alloc(6);
  children.forEach((child, side) => {
    // No data is the number of nodes; data begins 16 behind it.
    const value = child === null ? count : 'children' in child ? child.index! : count + 16 + child.offset;
    pair.writeUIntBE(value, side * 3, 3);
  });
  return pair;
}

/** IPv4 addresses are in ::/96. */
function bitsOf(address: string): (0 | 1)[] {
  const groups = isIPv4(address)
    ? [0, 0, 0, 0, 0, 0, ...pairs(address.split('.').map(Number))]
    : expand(address).map((group) => Number.parseInt(group || '0', 16));
  return groups.flatMap((group) =>
    [...group.toString(2).padStart(16, '0')].map((bit) => Number(bit) as 0 | 1),
  );
}

function pairs([a, b, c, d]: number[]): number[] {
  return [a! * 256 + b!, c! * 256 + d!];
}

function expand(address: string): string[] {
  const [before, after = ''] = address.split('::') as [string, string?];
  const [left, right] = [before, after].map((side) => (side === '' ? [] : side.split(':'))) as [
    string[],
    string[],
  ];
  return [...left, ...Array(8 - left.length - right.length).fill('0'), ...right];
}

function encode(value: Value): Buffer {
  if (typeof value === 'string') {
    const bytes = Buffer.from(value);
    return Buffer.concat([control(STRING, bytes.length), bytes]);
  }
  if (typeof value === 'number') {
    const isWhole = Number.isInteger(value) && value >= 0;
    const bytes = Buffer.alloc(isWhole ? 4 : 8);
    if (isWhole) bytes.writeUInt32BE(value);
    else bytes.writeDoubleBE(value);
    return Buffer.concat([control(isWhole ? UINT32 : DOUBLE, bytes.length), bytes]);
  }
  if (Array.isArray(value)) return Buffer.concat([control(ARRAY, value.length), ...value.map(encode)]);
  const entries = Object.entries(value);
  return Buffer.concat([
    control(MAP, entries.length),
    ...entries.flat().map((part) => encode(part as Value)),
  ]);
}

/** A size up to 28 fits into the control byte, one up to 284 into another byte behind it and behind the type. */
function control(type: number, size: number): Buffer {
  const [short, more] = size < 29 ? [size, []] : [29, [size - 29]];
  return type > 7 ? Buffer.from([short, type - 7, ...more]) : Buffer.from([(type << 5) | short, ...more]);
}
