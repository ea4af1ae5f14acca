/** The golden frames of test/vectors/worker/: what is written to a worker, and what is read from one. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fieldName, RequestFields } from '../../fields.ts';
import { FrameDecoder } from './frame-decoder.ts';
import { controlFrame, frame, frameHeader, Kind } from './frames.ts';
import { type RequestLine, requestFrame, requestText, Shapes } from './request.ts';
import { decodeResponseHead } from './response.ts';
import { decodeTimings } from './timings.ts';

interface RequestVector {
  readonly name: string;
  readonly id: number;
  readonly line: RequestLine;
  readonly fields: readonly (readonly [string, string])[];
  readonly body: string | null;
  readonly pieces: readonly string[] | null;
  readonly cut: string;
  readonly frames: readonly { readonly kind: string; readonly hex: string }[];
}

interface ResponseVector {
  readonly name: string;
  readonly kind: keyof typeof Kind;
  readonly id: number;
  readonly status?: string;
  readonly fields?: readonly string[];
  readonly body?: string;
  readonly payload?: string;
  readonly hex: string;
  readonly timings?: readonly number[];
}

interface ControlVector {
  readonly from: 'gateway' | 'worker';
  readonly kind: keyof typeof Kind;
  readonly message: object;
  readonly hex: string;
}

function load<Vector>(name: string): readonly Vector[] {
  return JSON.parse(
    readFileSync(new URL(`../../../test/vectors/worker/${name}.json`, import.meta.url), 'utf8'),
  );
}

function hex(text: string): string {
  return Buffer.from(text, 'latin1').toString('hex');
}

for (const vector of load<RequestVector>('requests')) {
  test(`request: ${vector.name}`, () => {
    const fields = new RequestFields();
    for (const [name, value] of vector.fields) fields.add(fieldName(name), value);
    const encoded = new Shapes().encode(fields);
    const text = requestText(vector.line, encoded);
    const { id, body, pieces, cut } = vector;
    const made = [
      encoded.shape.definition,
      requestFrame(id, encoded.shape.number, text, body, pieces !== null),
    ];
    if (pieces !== null) {
      for (const piece of pieces) made.push(frameHeader(Kind.requestData, id, piece.length) + piece);
      made.push(frame(Kind.requestEnd, id, cut));
    }
    assert.deepEqual(
      made.map(hex),
      vector.frames.map((one) => one.hex),
    );
  });
}

for (const vector of load<ResponseVector>('responses')) {
  test(`response: ${vector.name}`, () => {
    const decoder = new FrameDecoder(1000);
    decoder.push(Buffer.from(vector.hex, 'hex'));
    assert.equal(decoder.next(), vector.kind !== 'data' || vector.payload !== '');
    assert.equal(decoder.kind, Kind[vector.kind]);
    assert.equal(decoder.id, vector.id);
    const { buffer, start, end } = decoder;
    if (vector.timings !== undefined) {
      const { count, cpuUs, wallUs } = decodeTimings(buffer, start, end)!;
      assert.deepEqual([count, cpuUs, wallUs], vector.timings);
      assert.equal(decodeTimings(buffer, start, end - 1), null);
    } else if (vector.status === undefined) {
      assert.equal(buffer.latin1Slice(start, end), vector.payload);
    } else {
      const head = decodeResponseHead(buffer, start, end);
      assert.ok(typeof head === 'object', String(head));
      assert.equal(head.statusLine, vector.status);
      assert.equal(head.status, Number(vector.status.slice(0, 3)));
      assert.deepEqual(head.fields, vector.fields);
      assert.equal(buffer.latin1Slice(head.bodyStart, end), vector.body);
    }
    assert.equal(decoder.next(), false);
    assert.equal(decoder.violation, null);
  });
}

for (const { from, kind, message, hex: bytes } of load<ControlVector>('control')) {
  test(`control: ${kind} of the ${from}`, () => {
    if (from === 'gateway') assert.equal(hex(controlFrame(Kind[kind], message)), bytes);
    const decoder = new FrameDecoder(1000);
    decoder.push(Buffer.from(bytes, 'hex'));
    assert.equal(decoder.next(), true);
    assert.equal(decoder.kind, Kind[kind]);
    assert.deepEqual(JSON.parse(decoder.buffer.utf8Slice(decoder.start, decoder.end)), message);
  });
}
