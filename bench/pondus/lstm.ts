import { nn, parameterOf } from "pondus";
import type { Ready } from "../protocol/serve.ts";
import type { CaseData } from "./data.ts";
import { training } from "./training.ts";

export function lstm(data: CaseData): Promise<Ready> {
  return training(() => {
    const net = nn.lstm(data.shape("x")[2], data.shape("y")[2]);
    for (const [name, weight] of Object.entries(net.parameters)) {
      parameterOf(weight)!.write(data.array(name.replace("_l0", "")));
    }
    return nn.mse(net(data.constant("x")), data.constant("y"));
  }, 1e-3);
}
