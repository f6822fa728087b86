/** The weights w0, b0, w1, ... among a case's tensors, layer by layer. */
export function layersOf(tensors) {
  const layers = [];
  for (let i = 0; `w${i}` in tensors; i++) layers.push({ w: tensors[`w${i}`], b: tensors[`b${i}`] });
  return layers;
}
