"""What the Python peers share: answers to requests, as in bench/protocol/serve.ts, and the tensors of a case."""

import gc
import json
import math
import os
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from itertools import repeat

import numpy as np


@dataclass
class Ready:
    """A case made ready."""

    check: list[float]
    """Numbers that everybody must agree on."""
    compile_seconds: float
    """From the function to its first result."""
    advance: Callable[[int], object]
    """Does so many iterations, and returns when their results are there."""
    note: str | None = None
    """What the table should say beside the figure."""
    part: float = 1
    """The part of the work that an iteration does, where all of it would take too long: its time is that of the whole."""


class Unsupported(Exception):
    """Why a case cannot be done at all."""


def each(step):
    """Iterations by one call each."""

    def advance(count):
        for _ in repeat(None, count):
            step()

    return advance


def timed(function, *arguments):
    began = time.perf_counter()
    result = function(*arguments)
    return result, time.perf_counter() - began


def summary(numbers, places):
    """Sum and sum of squares, in double precision, and single numbers."""
    flat = np.asarray(numbers, np.float64).ravel()
    return [flat.sum(), np.square(flat).sum(), *(flat[i] for i in places)]


def serve(self, prepare):
    """
    Answers requests from stdin, a JSON document a line, until it ends.

    self: name, version, threads and cases, the answer to "hello"
    prepare: from a case's name, its tensors and its sizes to `Ready`
    """
    # What a library prints must not come between the answers.
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    answer = _Answerer(self, prepare)
    for line in sys.stdin:
        try:
            reply = answer(json.loads(line))
        except Unsupported as reason:
            reply = {"unsupported": str(reason)}
        except Exception as error:
            traceback.print_exc()
            reply = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(reply), file=answers, flush=True)


class _Answerer:
    def __init__(self, self_description, prepare):
        self.self_description = self_description
        self.prepare = prepare
        self.ready = None
        self.pace = 0.0

    def __call__(self, request):
        match request["do"]:
            case "hello":
                return self.self_description
            case "release":
                self.release()
                return {"ok": True}
            case "prepare":
                self.release()
                ready = self.prepare(request["case"], read_tensors(request["data"]), request["variant"])
                self.pace = pace_of(ready.advance)
                self.ready = ready
                check = [float(number) if math.isfinite(number) else None for number in ready.check]
                return {"check": check, "compileSeconds": ready.compile_seconds, "note": ready.note}
            case "time" if self.ready:
                count = max(1, round(request["seconds"] / self.pace))
                _, seconds = timed(self.ready.advance, count)
                self.pace = seconds / count
                return {"seconds": self.pace / self.ready.part, "iterations": count}
            case other:
                raise ValueError(f'"{other}" is not understood here')

    def release(self):
        self.ready = None
        gc.collect()


def pace_of(advance):
    """Seconds of one iteration, from more and more of them until they take long enough to be timed."""
    count = 1
    while True:
        _, seconds = timed(advance, count)
        if seconds > 0.02:
            return seconds / count
        count *= 4


def read_tensors(path):
    """The float32 arrays of a safetensors file: the header's length, the header as JSON, the numbers."""
    with open(path, "rb") as file:
        header = json.loads(file.read(int.from_bytes(file.read(8), "little")))
        data = file.read()
    header.pop("__metadata__", None)
    tensors = {}
    for name, entry in header.items():
        if entry["dtype"] != "F32":
            raise ValueError(f"{path}: {name} is {entry['dtype']}, not F32")
        start, end = entry["data_offsets"]
        # A copy: the file's bytes cannot be written to, and begin at any address.
        tensors[name] = np.frombuffer(data[start:end], np.float32).reshape(entry["shape"]).copy()
    return tensors


def layers_of(tensors):
    """w0, b0, w1, ... in this order."""
    count = sum(f"w{i}" in tensors for i in range(len(tensors)))
    return [tensors[f"{letter}{i}"] for i in range(count) for letter in "wb"]
