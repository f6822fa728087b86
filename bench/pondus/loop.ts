import { compile, repeat, type Step, type Tensor } from "pondus";

type Tensors = Readonly<Record<string, Tensor>>;

/** One step as a program that takes many of them in one call, and answers with the last one's outputs. */
export function loop<O extends Tensors>(step: Step<O>) {
  const program = compile(
    ({ count }) => {
      const { outputs, updates } = repeat(step, count);
      return { ...outputs, updates };
    },
    { count: { shape: [], dtype: "int32" } },
  );
  return (count: number) => program.run({ count });
}
