// A dense relu network as an ONNX model. The format is protocol buffers (onnx.proto3, ONNX 1.x): fields are a number
// and a kind, then a number (kind 0) or bytes with their length (kind 2). Few fields are needed, so they are written here.

/** The model's bytes: input "x" [batch, inputs], output "y". `layers` are { w, b }, each { shape, data }. */
export function denseModel(layers, batch) {
  const [inputs, outputs] = [layers[0].w.shape[0], layers.at(-1).w.shape[1]];
  const nodes = layers.flatMap((_, i) => {
    const last = i === layers.length - 1;
    const sum = last ? "y" : `sum${i}`;
    const gemm = node("Gemm", [i === 0 ? "x" : `hidden${i - 1}`, `w${i}`, `b${i}`], sum);
    return last ? [gemm] : [gemm, node("Relu", [sum], `hidden${i}`)];
  });
  const weights = layers.flatMap(({ w, b }, i) => [tensor(`w${i}`, w), tensor(`b${i}`, b)]);
  const graph = [
    ...nodes.map((bytes) => field(1, bytes)),
    field(2, "dense"),
    ...weights.map((bytes) => field(5, bytes)),
    field(11, valueInfo("x", [batch, inputs])),
    field(12, valueInfo("y", [batch, outputs])),
  ];
  const operators = join(field(1, ""), count(2, 13));
  return join(count(1, 8), field(7, join(...graph)), field(8, operators));
}

const float = 1;

function node(type, inputs, output) {
  return join(...inputs.map((name) => field(1, name)), field(2, output), field(3, output), field(4, type));
}

function tensor(name, { shape, data }) {
  const raw = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return join(...shape.map((n) => count(1, n)), count(2, float), field(8, name), field(9, raw));
}

function valueInfo(name, shape) {
  const dimensions = join(...shape.map((n) => field(1, count(1, n))));
  const type = field(1, join(count(1, float), field(2, dimensions)));
  return join(field(1, name), field(2, type));
}

const count = (number, value) => join(varint(number << 3), varint(value));

function field(number, content) {
  const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
  return join(varint((number << 3) | 2), varint(bytes.length), bytes);
}

function varint(value) {
  const bytes = [];
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return Uint8Array.of(...bytes, rest);
    bytes.push((rest % 128) | 128);
  }
}

function join(...parts) {
  const all = new Uint8Array(parts.reduce((n, part) => n + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
