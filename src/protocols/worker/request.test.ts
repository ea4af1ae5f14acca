import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { fieldName, RequestFields } from '../../fields.ts';
import { FrameDecoder } from './frame-decoder.ts';
import { Shapes } from './request.ts';

const SHAPES_MAX = 512;

function fieldsOf(...pairs: readonly (readonly [string, string])[]): RequestFields {
  const fields = new RequestFields();
  for (const [name, value] of pairs) fields.add(fieldName(name), value);
  return fields;
}

function keysOf(definition: string): string[] {
  const decoder = new FrameDecoder(1_000_000);
  decoder.push(Buffer.from(definition, 'latin1'));
  assert.equal(decoder.next(), true);
  const text = decoder.buffer.latin1Slice(decoder.start, decoder.end);
  return text === '' ? [] : text.split('\0');
}

test('the same names in the same order are one shape', () => {
  const shapes = new Shapes();
  const first = shapes.encode(fieldsOf(['Host', 'a'], ['Accept', 'b']));
  const again = shapes.encode(fieldsOf(['host', 'c'], ['ACCEPT', 'd']));
  const other = shapes.encode(fieldsOf(['Accept', 'b'], ['Host', 'a']));
  assert.equal(first.shape, again.shape);
  assert.notEqual(first.shape.number, other.shape.number);
  assert.deepEqual(keysOf(first.shape.definition), ['HTTP_HOST', 'HTTP_ACCEPT']);
  assert.equal(again.text, '\0c\0d');
});

test('a field list is encoded once', () => {
  const shapes = new Shapes();
  const fields = fieldsOf(['Host', 'a']);
  assert.equal(shapes.encode(fields), shapes.encode(fields));
});

test('fields that requests for two applications share are encoded for each', () => {
  const [one, other] = [new Shapes(), new Shapes()];
  one.encode(fieldsOf(['Accept', 'a']));
  const fields = fieldsOf(['Host', 'a']);
  assert.equal(one.encode(fields).shape.number, 1);
  assert.equal(other.encode(fields).shape.number, 0);
});

test('the shape of fields with other variables is found again', () => {
  const shapes = new Shapes();
  const fields = fieldsOf(['Host', 'a']);
  const first = shapes.encodeWith(fields, ['X', '1', 'Y', '2']);
  const again = shapes.encodeWith(fields, ['X', '3', 'Y', '']);
  assert.equal(again.shape, first.shape);
  assert.equal(again.text, '\0a\x003\0');
  assert.deepEqual(keysOf(first.shape.definition), ['HTTP_HOST', 'X', 'Y']);
  assert.notEqual(shapes.encodeWith(fields, ['X', '1']).shape, first.shape);
  assert.deepEqual(keysOf(shapes.encodeWith(fieldsOf(), ['X', '1']).shape.definition), ['X']);
});

test('each key stands for one value, and repeated fields are joined', () => {
  const anyName = fc.constantFrom(
    'Host',
    'Accept',
    'accept',
    'Cookie',
    'COOKIE',
    'X_A',
    'Proxy',
    'Content-Type',
  );
  const anyValue = fc.string({ unit: fc.constantFrom('a', ' ', 'é', ';', ','), maxLength: 5 });
  fc.assert(
    fc.property(fc.array(fc.tuple(anyName, anyValue), { maxLength: 12 }), (pairs) => {
      const { shape, text } = new Shapes().encode(fieldsOf(...pairs));
      const expected = new Map<string, string>();
      for (const [name, value] of pairs) {
        if (name === 'X_A' || name === 'Proxy') continue;
        const upper = name.toUpperCase().replaceAll('-', '_');
        const key = upper === 'CONTENT_TYPE' ? upper : `HTTP_${upper}`;
        const before = expected.get(key);
        const joint = key === 'HTTP_COOKIE' ? '; ' : ', ';
        expected.set(key, before === undefined ? value : before + joint + value);
      }
      assert.deepEqual(keysOf(shape.definition), [...expected.keys()]);
      assert.deepEqual(text.split('\0').slice(1), [...expected.values()]);
    }),
  );
});

test('variables beside those of the fields', () => {
  const shapes = new Shapes();
  const fields = fieldsOf(['Host', 'a']);
  const encoded = shapes.encodeWith(fields, ['REMOTE_USER', 'al\0ice', 'AUTH_TYPE', 'Basic']);
  assert.deepEqual(keysOf(encoded.shape.definition), ['HTTP_HOST', 'REMOTE_USER', 'AUTH_TYPE']);
  assert.equal(encoded.text, '\0a\0alice\0Basic');
  assert.equal(shapes.encodeWith(fields, ['REMOTE_USER', 'bob', 'AUTH_TYPE', 'x']).shape, encoded.shape);
  assert.deepEqual(keysOf(shapes.encode(fields).shape.definition), ['HTTP_HOST']);
  assert.deepEqual(keysOf(shapes.encodeWith(fieldsOf(), ['A', 'b']).shape.definition), ['A']);
});

test('no variable of ours becomes two, whatever stands in it', () => {
  // The low byte of U+0100 is the separator.
  const { text } = new Shapes().encodeWith(fieldsOf(), ['SSL_CLIENT_S_DN_CN', 'a\u0100b', 'B', 'é']);
  assert.equal(text, '\0a\xc4\x80b\0é');
});

test('when there are too many shapes all are forgotten, and what was encoded before is encoded anew', () => {
  const shapes = new Shapes();
  const kept = fieldsOf(['Host', 'a']);
  const before = shapes.encode(kept);
  const { epoch } = shapes;
  for (let i = 1; i < SHAPES_MAX; i++) shapes.encode(fieldsOf([`X-${i}`, '']));
  assert.equal(shapes.epoch, epoch);
  assert.equal(shapes.encode(kept), before);

  const overflow = shapes.encode(fieldsOf(['X-One-More', '']));
  assert.notEqual(shapes.epoch, epoch);
  assert.equal(overflow.shape.number, 0);
  const after = shapes.encode(kept);
  assert.equal(after.epoch, shapes.epoch);
  assert.equal(after.shape.number, 1);
  assert.deepEqual(keysOf(after.shape.definition), ['HTTP_HOST']);
});
