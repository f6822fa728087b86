/**
 * Resolves after events that wait have been handled, and the page drawn where that is due. A message to itself brings
 * it back: a timer would wait 4 ms each time, and a second in a page that is out of sight.
 */
export function handleEvents(): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(undefined);
  });
}
