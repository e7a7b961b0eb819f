#!/usr/bin/env python3
"""Runs every test again and again: with other seeds beside a busy machine, and as other processors would.

    tests/stress.py [options] BUILD...

BUILD is a build folder (build/release). Each test program of each folder, as ctest lists it, runs
  seeds      --seeds times, with FLAMINGO_TEST_SEED = 1, 2, ..., beside --busy processes that only compute;
  settings   once for each of ATEN_CPU_CAPABILITY=default, avx2, avx512 and ONEDNN_MAX_CPU_ISA=AVX2, AVX512_CORE
             on 1, 2 and 4 threads (OMP_NUM_THREADS), where it is linked with torch, which alone reads them. What
             this processor cannot run is left out, and said. Kernels of our own are chosen by the processor; the
             tests kernels/kernels_* call each set of them by name.
Every result is a line of --results. What is there already, of a program that has not changed since, is not run
again, so that a run that was ended goes on where it was. Status: 0 when nothing failed, 1 otherwise.
"""
import argparse
import concurrent.futures
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time

ISA_SETTINGS = [("ATEN_CPU_CAPABILITY", "default"), ("ATEN_CPU_CAPABILITY", "avx2"), ("ATEN_CPU_CAPABILITY", "avx512"),
                ("ONEDNN_MAX_CPU_ISA", "AVX2"), ("ONEDNN_MAX_CPU_ISA", "AVX512_CORE")]
THREADS = [1, 2, 4]
NEEDED_FLAGS = {"avx2": {"avx2", "fma"}, "avx512": {"avx512f", "avx512bw", "avx512dq", "avx512vl"}}
HANG_SECONDS = 3600  # of a single program: no test asserts on time, this only ends one that hangs
BUSY = "import os\nparent = os.getppid()\nwhile os.getppid() == parent:\n    sum(range(1000000))"


class Test:
    """One test of one build folder."""

    def __init__(self, build, entry):
        self.name, self.build, self.command = entry["name"], build, entry["command"]
        self.environment, self.folder = {}, build
        for one in entry.get("properties", []):
            if one["name"] == "ENVIRONMENT":
                self.environment = dict(line.split("=", 1) for line in one["value"])
            if one["name"] == "WORKING_DIRECTORY":
                self.folder = one["value"]
        programs = [part for part in self.command if os.path.isfile(part)]
        shared = os.path.join(build, "bin", "flamingo")
        if os.path.isfile(shared) and (self.name.startswith(("e2e/", "package/", "golden"))):
            programs.append(shared)
        self.made = max((os.stat(path).st_mtime_ns for path in programs), default=0)

    def uses_torch(self):
        with open(self.command[0], "rb") as file:
            return b"libtorch_cpu.so" in file.read()


class Job:
    """A test in one setting."""

    def __init__(self, test, setting):
        self.test, self.setting = test, setting
        words = " ".join(f"{name}={value}" for name, value in setting.items())
        self.key = f"{test.build} {test.name} {words}"

    def repeat(self):
        """The line of shell that does it again."""
        variables = {**self.test.environment, **self.setting}
        words = [f"{name}={value}" for name, value in variables.items()] + self.test.command
        return f"cd {self.test.folder} && " + " ".join(words)

    def run(self, logs):
        environment = {**os.environ, **self.test.environment, **self.setting}
        start = time.monotonic()
        with subprocess.Popen(self.test.command, cwd=self.test.folder, env=environment, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True) as process:
            try:
                output = process.communicate(timeout=HANG_SECONDS)[0]
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                output = process.communicate()[0] + f"\nended after {HANG_SECONDS} s\n".encode()
            status = process.returncode
        result = {"key": self.key, "made": self.test.made, "status": status,
                  "seconds": round(time.monotonic() - start, 1), "repeat": self.repeat()}
        if status != 0:
            result["failed"] = sorted(set(re.findall(r"\[  FAILED  \] (\S+?)[,\s(]", output.decode(errors="replace"))))
            result["log"] = os.path.join(logs, re.sub(r"[^\w.=-]+", "_", self.key) + ".log")
            with open(result["log"], "wb") as file:
                file.write(output)
        return result


def tests_of(build, chosen, lm):
    listing = subprocess.run(["ctest", "--test-dir", build, "--show-only=json-v1"], capture_output=True, text=True,
                             check=True).stdout
    entries = json.loads(listing)["tests"]
    built = [entry for entry in entries if os.path.isfile(entry.get("command", [""])[0])]
    if len(built) < len(entries):
        print(f"left out: {len(entries) - len(built)} tests of {build}, which are not built", flush=True)
    found = [Test(build, entry) for entry in built]
    golden = os.path.join(build, "bin", "flamingo-golden")
    if os.path.isfile(golden):
        root = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
        model = ["--lm", os.path.abspath(lm)] if lm else []
        command = [golden, *model, os.path.join(root, "tests", "golden")]
        found.append(Test(build, {"name": "golden", "command": command}))
    return [test for test in found if re.search(chosen, test.name)]


def processor_flags():
    with open("/proc/cpuinfo") as file:
        return set(re.search(r"^flags\s*:(.*)$", file.read(), re.M).group(1).split())


def settings():
    """Those that this processor can run, and the names of the others."""
    flags, can, cannot = processor_flags(), [], []
    for name, value in ISA_SETTINGS:
        if name == "ATEN_CPU_CAPABILITY" and not NEEDED_FLAGS.get(value, set()) <= flags:
            cannot.append(f"{name}={value}")
        else:
            can += [{name: value, "OMP_NUM_THREADS": str(threads)} for threads in THREADS]
    return can, cannot


class Results:
    """The file of results, and what is known from it."""

    def __init__(self, path):
        self.path, self.known, self.lock = path, {}, threading.Lock()
        os.makedirs(os.path.dirname(os.path.abspath(path)), exist_ok=True)
        if os.path.exists(path):
            with open(path) as file:
                for line in file:
                    if line.endswith("\n"):
                        result = json.loads(line)
                        self.known[result["key"]] = result

    def of(self, job):
        result = self.known.get(job.key)
        return result if result and result["made"] == job.test.made else None

    def add(self, result):
        with self.lock:
            self.known[result["key"]] = result
            with open(self.path, "a") as file:
                file.write(json.dumps(result) + "\n")


def run_all(jobs, workers, results, title):
    """Runs what is not known yet, and shows how far it is."""
    todo = [job for job in jobs if results.of(job) is None]
    logs = os.path.splitext(os.path.abspath(results.path))[0] + ".logs"
    os.makedirs(logs, exist_ok=True)
    done, begin = len(jobs) - len(todo), time.monotonic()
    print(f"{title}: {len(jobs)} runs, {done} known already", flush=True)
    with concurrent.futures.ThreadPoolExecutor(workers) as pool:
        futures = {pool.submit(job.run, logs): job for job in todo}
        try:
            for count, future in enumerate(concurrent.futures.as_completed(futures), 1):
                result = future.result()
                results.add(result)
                if result["status"] != 0:
                    print(f"FAILED {result['key']}: {' '.join(result['failed'])} (status {result['status']}), "
                          f"see {result['log']}", flush=True)
                left = (time.monotonic() - begin) / count * (len(todo) - count) / 60
                if count % 20 == 0 or count == len(todo):
                    print(f"{title}: {done + count} of {len(jobs)}, {left:.0f} min left", flush=True)
        except KeyboardInterrupt:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def summarise(jobs, results, cannot):
    found = [results.of(job) for job in jobs]
    failures = [result for result in found if result and result["status"] != 0]
    for result in failures:
        print(f"\nFAILED {result['key']}: {' '.join(result['failed'])}\n  {result['repeat']}\n  {result['log']}")
    for name in cannot:
        print(f"left out: {name} on 1, 2 and 4 threads, which this processor cannot run")
    missing = found.count(None)
    print(f"{len(found) - missing} runs of {len({job.test.name for job in jobs})} tests: {len(failures)} failures"
          + (f", {missing} runs are missing" if missing else ""))
    return 1 if failures or missing else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("builds", nargs="+", metavar="BUILD")
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--busy", type=int, default=4, help="processes that only compute, beside the seeds")
    parser.add_argument("-j", "--jobs", type=int, default=os.cpu_count(), help="tests at a time")
    parser.add_argument("--only", default="", help="regular expression of the tests' names")
    parser.add_argument("--lm", help="the language model that flamingo-golden reads")
    parser.add_argument("--results", default="build/stress.jsonl")
    parser.add_argument("--fresh", action="store_true", help="forget what is known")
    options = parser.parse_args()
    if options.fresh and os.path.exists(options.results):
        os.remove(options.results)
    tests = [test for build in options.builds for test in tests_of(os.path.abspath(build), options.only, options.lm)]
    can, cannot = settings()
    with_seeds = [Job(test, {"FLAMINGO_TEST_SEED": str(seed)}) for seed in range(1, options.seeds + 1) for test in tests]
    with_settings = [Job(test, setting) for test in tests if test.uses_torch() for setting in can]
    results = Results(options.results)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    busy = [subprocess.Popen([sys.executable, "-c", BUSY]) for _ in range(options.busy)]
    try:
        run_all(with_seeds, options.jobs, results, "seeds")
    finally:
        for process in busy:
            process.kill()
    run_all(with_settings, options.jobs, results, "settings")
    sys.exit(summarise(with_seeds + with_settings, results, cannot))


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit("ended; the same command goes on from here")
