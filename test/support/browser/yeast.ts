// A page's own code: the public interface and nothing else.
import { compile, nn, ode, optim, parameter, tensor } from "pondus";

/** T. Carlson, Biochem. Z. 57:313 (1913): yeast in a fermenter, hour by hour. */
const yeast = [
  9.6, 18.3, 29.0, 47.2, 71.1, 119.1, 174.6, 257.3, 350.7, 441.0, 513.3, 559.7, 594.8, 629.4, 640.8, 651.1, 655.9,
  659.6, 661.8,
];

/** Trains a neural ODE dN/dt = net(N) as the yeast system does, for some steps. */
export async function trainYeast(steps: number) {
  const largest = Math.max(...yeast);
  const quarter = (yeast.length - 1) / 4;
  const net = nn.sequential(nn.dense(1, 32), nn.tanh, nn.dense(32, 32), nn.tanh, nn.dense(32, 1));
  const start = parameter([1], () => () => yeast[0] / largest, { name: "start" });
  const model = { net, start };
  nn.initialize(model, 1);
  const times = yeast.map((_, hour) => hour / quarter);
  const path = ode.solve(net, start, times, { method: ode.rk4, substeps: 2 });
  const measured = tensor(yeast.map((n) => [n / largest]));
  const trained = await optim.fit({
    loss: path.sub(measured).square().mean(),
    parameters: model,
    optimizer: optim.adam({ learningRate: optim.schedules.cosine({ initial: 7e-3, steps }) }),
    steps,
    backend: "wasm",
  });
  const { predicted } = await compile(() => ({ predicted: path.mul(largest) }), {}, { backend: "wasm" }).run();
  return { losses: trained.history.map(({ loss }) => loss), predicted: [...predicted.data] };
}
