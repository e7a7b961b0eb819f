"""llama.cpp on flamingo-bench's prefill and decode: the same GGUF, tokens and threads, the same report line.

    python3 bench/peers/bench_llama_cpp.py MODEL.gguf [--threads 2] [--repeats 5]

It runs the language model alone; flamingo-bench runs the same model with gated layers and a picture, which is more.
"""
import argparse
import time

import numpy
from llama_cpp import Llama, llama_get_logits_ith

PROMPT = 512
ANSWER = 64


def line(item, tokens, seconds):
    best, median = tokens / min(seconds), tokens / sorted(seconds)[len(seconds) // 2]
    scenario = "llama.cpp"
    print(f"{scenario:<10} {item:<30} {best:>10.1f} {median:>10.1f} token/s", flush=True)


def timed(work):
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def prefill(llm, prompt):
    llm.reset()
    llm.eval(prompt)


def decode(llm, prompt):
    """Greedy, from a short prompt; only the 64 single steps are timed."""
    llm.reset()
    llm.eval(prompt)

    def steps():
        for _ in range(ANSWER):
            logits = numpy.ctypeslib.as_array(llama_get_logits_ith(llm.ctx, -1), (llm.n_vocab(),))
            llm.eval([int(logits.argmax())])

    return timed(steps)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=5)
    args = parser.parse_args()
    llm = Llama(args.model, n_ctx=1024, n_batch=PROMPT, n_ubatch=PROMPT, n_threads=args.threads,
                n_threads_batch=args.threads, logits_all=False, verbose=False)
    tokens = numpy.random.default_rng(1).integers(0, llm.n_vocab(), PROMPT).tolist()
    prefill(llm, tokens)
    line("prefill 512 tokens", PROMPT, [timed(lambda: prefill(llm, tokens)) for _ in range(args.repeats)])
    line("decode 64 tokens", ANSWER, [decode(llm, tokens[:16]) for _ in range(args.repeats)])


if __name__ == "__main__":
    main()
