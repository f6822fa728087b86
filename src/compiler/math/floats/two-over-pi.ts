/** The first 1152 bits of 2/pi after the point, in hexadecimal: as many as the largest float64 needs for its remainder. */
const digits = [
  "a2f9836e4e441529fc2757d1f534ddc0db6295993c439041fe5163abdebbc561b7246e3a424dd2e006492eea09d1921c",
  "fe1deb1cb129a73ee88235f52ebb4484e99c7026b45f7e413991d639835339f49c845f8bbdf9283b1ff897ffde05980f",
  "ef2f118b5a0a6d1f6d367ecf27cb09b74f463f669e5fea2d7527bac7ebe5f17b3d0739f78a5292ea6bfb5fb11f8d5d08",
].join("");

/** 2/pi as the sum of numbers of so many bits each (a multiple of 4), from the largest on, times 2^scale. */
export function twoOverPi(bits: number, count: number, scale: number): readonly number[] {
  const size = bits / 4;
  return Array.from({ length: count }, (_, k) => {
    return Number.parseInt(digits.slice(k * size, (k + 1) * size), 16) * 2 ** (scale - bits * (k + 1));
  });
}
