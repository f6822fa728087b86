export { type DahlKnobs, dahl, type LuGreKnobs, lugre } from "./bristle.ts";
export { forcesAlong, type StateLaw, type StaticLaw, statesAlong } from "./law.ts";
export { type MaxwellSlipKnobs, maxwellSlip, slippingSprings } from "./maxwell-slip.ts";
export {
  type Evolution,
  type RateAndStateKnobs,
  rateAndState,
  sliderFriction,
  springSlider,
} from "./rate-and-state.ts";
export { meanDecay } from "./relaxation.ts";
export { type CoulombKnobs, coulomb, type StribeckKnobs, slidingForce, stribeck } from "./stribeck.ts";
