/** Sum and sum of squares, in double precision, and single numbers. */
export function summary(numbers: ArrayLike<number>, places: readonly number[]): number[] {
  let [sum, squares] = [0, 0];
  for (let i = 0; i < numbers.length; i++) {
    sum += numbers[i];
    squares += numbers[i] ** 2;
  }
  return [sum, squares, ...places.map((i) => numbers[i])];
}
