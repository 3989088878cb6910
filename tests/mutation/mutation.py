#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Mutants: what the tests are worth.  Lines of include/ are changed one by one, all in one tree of headers where a
variable of the environment, RHEO_MUTANT, says which change is on; so that one build serves all.

    mutation.py make INCLUDE OUT [--count 300] [--seed 1]
                        writes OUT/include and OUT/mutants.json: what twins.txt names and so many drawn by chance; left
                        out is what not_compiled.txt lists
    mutation.py run BUILD OUT [--jobs 2] [--budget 120]
                        notes which tests of BUILD reach which mutant, runs them, the shortest first, until one fails,
                        and prints killed, equivalent (equivalent.txt, with the reason) and survived; of those of
                        twins.txt, by the tests that they name alone.  Goes on from OUT/results.jsonl
    mutation.py table OUT
    mutation.py seeds BUILD OUT [--tests REGEX] [--seeds 200] [--jobs 2] [--limit 20]
                        false alarms: runs the tests, those alone that pass within `limit` seconds, with every seed of
                        every noise moved so many times, and prints which fail, and how often.  Goes on from
                        OUT/seeds.jsonl
    mutation.py drop OUT LOG
                        adds to not_compiled.txt what the log of a build complains of

A mutant is a sign, a term, a factor, a literal, a clamp, a comparison, a bound of a loop, a key of noise, a statement
or a check left out.
"""

import argparse
import concurrent.futures
import json
import os
import random
import re
import resource
import subprocess
import sys
import time

SWITCH = """// Written by tests/mutation/mutation.py.
#pragma once
#include <algorithm>
#include <cstdio>
#include <cstdlib>
namespace rheo_mutation {
inline const int active = [] {
  const char* e = std::getenv("RHEO_MUTANT");
  return e ? std::atoi(e) : 0;
}();
inline unsigned char seen[%d] = {};
struct AtEnd {
  ~AtEnd() {
    const char* name = std::getenv("RHEO_MUTANTS_SEEN");
    if (!name) return;
    if (std::FILE* f = std::fopen(name, "a")) {
      for (int k = 0; k < %d; ++k) {
        if (seen[k]) std::fprintf(f, "%%d\\n", k);
      }
      std::fclose(f);
    }
  }
};
inline AtEnd at_end;
inline bool reached(int k) {
  seen[k] = 1;
  return active == k;
}
template <class A, class B> auto lesser(A a, B b) {
  using std::min;
  return min(a, b);
}
template <class A, class B> auto greater(A a, B b) {
  using std::max;
  return max(a, b);
}
inline const unsigned long long shift = [] {
  const char* e = std::getenv("RHEO_SEED_SHIFT");
  return (e ? std::strtoull(e, nullptr, 10) : 0) * 0x9E3779B97F4A7C15u;
}();
constexpr bool on(int k) { return __builtin_is_constant_evaluated() ? false : reached(k); }
}  // namespace rheo_mutation
"""

# Where noise takes its seed, and the same moved.
SEED = "{std::uint32_t(seed), std::uint32_t(seed >> 32)}"
MOVED = SEED.replace("seed", "(seed + ::rheo_mutation::shift)")

HERE = os.path.dirname(os.path.abspath(__file__))

# What an expression is changed by: pattern and replacement, a mutant for every place.
CHANGES = [
    (r" \+ ", " - "),
    (r" - ", " + "),
    (r" \* ", " / "),
    (r" / ", " * "),
    (r" < ", " > "),
    (r" > ", " < "),
    (r" <= ", " < "),
    (r" >= ", " > "),
    (r" == ", " != "),
    (r" != ", " == "),
    (r" && ", " || "),
    (r" \|\| ", " && "),
    (r"(std::|\.)max\(", r"\1min("),
    (r"(std::|\.)min\(", r"\1max("),
    (r"(?<![.:\w])max\(", "::rheo_mutation::lesser("),
    (r"(?<![.:\w])min\(", "::rheo_mutation::greater("),
    (r"(std::|\.)sin\(", r"\1cos("),
    (r"(std::|\.)cos\(", r"\1sin("),
    (r"\b0\.5\b", "0.25"),
    (r"\bT\(1\)", "T(1.01)"),
    (r"\bT\(2\)", "T(2.02)"),
    (r"\bL\(1\)", "L(1.01)"),
    (r"\bL\(2\)", "L(2.02)"),
    (r"\bfork\((\d+)\)", "fork(0)"),
]
NUMBERS = r"(?:T|double|float|Index|int|bool|long|S|Real|std::size_t|std::uint64_t|L)"


def changed(expression):
    for pattern, to in CHANGES:
        if "matrix()" in expression and to == " / ":
            continue
        for m in re.finditer(pattern, expression):
            other = expression[: m.start()] + m.expand(to) + expression[m.end() :]
            if other != expression:
                yield other


def balanced(text):
    depth = 0
    for c in text:
        depth += (c in "([{") - (c in ")]}")
        if depth < 0:
            return False
    return depth == 0


def around(lines, number):
    """the lines that open the blocks around a line, the innermost first"""
    depth = len(lines[number]) - len(lines[number].lstrip())
    for line in reversed(lines[:number]):
        text = re.sub(r"\s*//.*", "", line).strip()
        indent = len(line) - len(line.lstrip())
        if text and indent < depth and text.endswith("{"):
            depth = indent
            yield text


def asserted(lines, number):
    """whether a line stands in a static_assert"""
    depth = len(lines[number]) - len(lines[number].lstrip())
    for line in reversed(lines[:number]):
        indent = len(line) - len(line.lstrip())
        if line.strip() and indent < depth:
            if line.lstrip().startswith("static_assert("):
                return True
            depth = indent
    return False


def returns_what_is_said(lines, number):
    """whether the function around a line states what it returns"""
    for text in around(lines, number):
        if not re.match(r"(\} )?(if|for|while|else|do|switch)\b", text):
            return not re.search(r"\bauto\b|\[", text) and text != "{" and "(" in text
    return False


def in_a_body(lines, number):
    """whether a line stands in a function, not in a class or a namespace"""
    opened = next(around(lines, number), None)
    return bool(opened) and not re.match(r"(namespace|enum|union|concept)\b|.*\b(struct|class|requires)\b", opened)


def candidates(lines):
    """(number of the line, what it was, what it becomes, the line with a switch in place of KEY)"""
    whole = True  # whether a line begins a statement
    for number, line in enumerate(lines):
        code = re.sub(r"\s*//.*", "", line.rstrip("\n"))
        begins, text = whole, code.strip()
        if text:
            whole = text[-1] in ";{}" or text.endswith(":")
        if (
            not begins
            or not text
            or not in_a_body(lines, number)
            or text.startswith(("#", "template", "using", "static", "friend", "case", "default"))
        ):
            continue
        if any(
            w in text for w in ("static_assert", "requires", "constexpr", "operator", "[&", "[=", "[]", "[this", '"')
        ):
            continue
        pad = code[: len(code) - len(code.lstrip())]
        m = re.fullmatch(r"return (.+);", text)
        if m and balanced(m[1]) and "{" not in text and returns_what_is_said(lines, number):
            for other in changed(m[1]):
                yield number, text, "return %s;" % other, "%sif (KEY) return %s;\n%s%s\n" % (pad, other, pad, text)
            continue
        m = re.fullmatch(r"((?:const )?(%s)) (\w+) = ([^,{]+|[^{]*\(.*\)[^,{]*);" % NUMBERS, text)
        if m and balanced(m[4]) and "," not in re.sub(r"\([^()]*\)", "", re.sub(r"\([^()]*\)", "", m[4])):
            for other in changed(m[4]):
                new = "%s%s %s = KEY ? %s(%s) : %s(%s);\n" % (pad, m[1], m[3], m[2], other, m[2], m[4])
                yield number, text, "%s %s = %s;" % (m[1], m[3], other), new
            continue
        m = re.fullmatch(r"(else )?if \((.*)\) (\{|(?:[^{};]+;))", text) or re.fullmatch(
            r"(else )?if \((.*)\) ?()", text
        )
        if m and balanced(m[2]) and ";" not in m[2] and not re.search(r"[^=<>!]=[^=]", m[2]):
            for other in list(changed(m[2])) + ["false"]:
                new = "%s%sif (KEY ? bool(%s) : bool(%s)) %s\n" % (pad, m[1] or "", other, m[2], m[3])
                yield number, text, text.replace(m[2], other, 1), new
            continue
        m = re.match(r"for \((Index|int|std::size_t) (\w+) = ([\w.]+); \2 < ([\w.()]+); \+\+\2\)", text)
        if m:
            for low, high in ((m[3] + " + 1", m[4]), (m[3], m[4] + " - 1")):
                new = "for (%s %s = KEY ? %s(%s) : %s(%s); %s < (KEY ? %s(%s) : %s(%s)); ++%s)" % (
                    m[1],
                    m[2],
                    m[1],
                    low,
                    m[1],
                    m[3],
                    m[2],
                    m[1],
                    high,
                    m[1],
                    m[4],
                    m[2],
                )
                yield number, text, text.replace(
                    m[0], "for (%s %s = %s; %s < %s; ++%s)" % (m[1], m[2], low, m[2], high, m[2])
                ), pad + text.replace(m[0], new, 1) + "\n"
            continue
        # a statement: neither declaration nor control
        if re.match(r"[\w.:\->()*\[\]& ]+?( [-+*/]?= |\()", text) and text.endswith(";") and balanced(text):
            if re.match(
                r"(const|auto|for|while|switch|do|else|break|continue|throw|delete|new|if|return|View|CView|ColView|"
                r"CColView|Batch|Column|Params|Arena|std|Buffer|Noise|typename|typedef)\b",
                text,
            ):
                continue
            if (
                re.match(r"[\w:<>]+ \w+(\(| =|;|,)", text)
                or re.match(r"[\w:<>]+([*&]+ | [*&]+)\w+", text)
                or "{" in text
                or "(*" in text
                or not pad
                or "inline" in text
            ):
                continue
            for at, to in ((" += ", " -= "), (" -= ", " += "), (" *= ", " /= "), (" += ", " = ")):
                if at in text:
                    yield number, text, text.replace(at, to, 1), "%sif (KEY) {\n%s  %s\n%s} else {\n%s  %s\n%s}\n" % (
                        pad,
                        pad,
                        text.replace(at, to, 1),
                        pad,
                        pad,
                        text,
                        pad,
                    )
            parts = re.split(r"( [-+*/]?= )", text, maxsplit=1)
            if len(parts) == 3:
                for other in changed(parts[2]):
                    yield number, text, parts[0] + parts[
                        1
                    ] + other, "%sif (KEY) {\n%s  %s\n%s} else {\n%s  %s\n%s}\n" % (
                        pad,
                        pad,
                        parts[0] + parts[1] + other,
                        pad,
                        pad,
                        text,
                        pad,
                    )
            yield number, text, "", "%sif (!KEY) {\n%s  %s\n%s}\n" % (pad, pad, text, pad)


def twins(lines):
    """(file, number of the line, what it was, what it becomes, the lines with KEY, what is wrong, the tests) of twins.txt"""
    blocks = re.sub(r"(?m)^#.*\n", "", open(os.path.join(HERE, "twins.txt")).read()).strip().split("\n\n")
    for block in blocks:
        name, f, *rest = block.split("\n")
        was, tests = rest[0][2:], rest[-1][2:]
        becomes = [line[2:] for line in rest[1:-1]]
        if [r[:2] for r in rest] != ["- "] + ["+ "] * len(becomes) + ["! "] or not any("KEY" in b for b in becomes):
            sys.exit("twins.txt: '%s' is not written as the others are" % name)
        at = next((i for i, line in enumerate(lines[f]) if line.strip() == was), None)
        if at is None:
            sys.exit("twins.txt: '%s': no such line in %s: %s" % (name, f, was))
        yield f, at, was, "\n".join(becomes), "".join(b + "\n" for b in becomes), name, tests


def make(args):
    files = sorted(
        os.path.relpath(os.path.join(folder, name), args.include)
        for folder, _, names in os.walk(args.include)
        for name in names
    )
    lines = {f: open(os.path.join(args.include, f)).readlines() for f in files}
    dropped = {tuple(line.rstrip("\n").split("\t")) for line in open(os.path.join(HERE, "not_compiled.txt"))}
    rng = random.Random(args.seed)
    skipped = ("platform/", "rheo.hpp", "compiled.cpp", "version.hpp", "mpi", "summary")
    pools = {}
    for f in files:
        if f.endswith(".hpp") and not any(s in f for s in skipped):
            found = [c for c in candidates(lines[f]) if (f, c[1], c[2]) not in dropped]
            rng.shuffle(found)
            if found:
                pools[f] = found
    # A mutant a file in turn, in an order that chance gives, and at most one a line.
    wrong = list(twins(lines))
    chosen, taken = [], {(w[0], w[1]) for w in wrong}
    order = sorted(pools)
    while len(chosen) < args.count and pools:
        rng.shuffle(order)
        for f in order:
            while pools.get(f):
                c = pools[f].pop()
                if (f, c[0]) not in taken:
                    taken.add((f, c[0]))
                    chosen.append((f,) + c)
                    break
            else:
                pools.pop(f, None)
        order = [f for f in order if f in pools]
    chosen = wrong + sorted(chosen[: args.count])
    mutants = []
    for k, (f, number, was, becomes, _, *named) in enumerate(chosen, 1):
        constant = asserted(lines[f], number) or any(
            re.search(r"(?<!if )\bconst(expr|eval)\b", opened) for opened in around(lines[f], number)
        )
        mutants.append(dict(number=k, file=f, line=number + 1, was=was, becomes=becomes, constant=constant))
        mutants[-1].update(zip(("twin", "tests"), named))
    for m, c in zip(mutants, chosen):  # now that no line is looked at any more
        lines[m["file"]][m["line"] - 1] = c[4].replace("KEY", "::rheo_mutation::on(%d)" % m["number"])
    noise = "rheo/core/noise.hpp"
    if "".join(lines[noise]).count(SEED) != 2:
        sys.exit("noise.hpp takes its seeds elsewhere than it did")
    lines[noise] = [line.replace(SEED, MOVED) for line in lines[noise]]
    touched = {m["file"] for m in mutants} | {noise}
    for f in files:
        if f in touched:
            at = next(i for i, l in enumerate(lines[f]) if l.startswith("#pragma once"))
            lines[f][at] += '#include "rheo/mutant.hpp"\n'
        write(os.path.join(args.out, "include", f), "".join(lines[f]))
    write(os.path.join(args.out, "include", "rheo", "mutant.hpp"), SWITCH % (len(mutants) + 1, len(mutants) + 1))
    listed, text = os.path.join(args.out, "mutants.json"), json.dumps(mutants, indent=1) + "\n"
    if not os.path.exists(listed) or open(listed).read() != text:  # what was found of others is of no use
        for name in ("reach.json", "results.jsonl"):
            if os.path.exists(os.path.join(args.out, name)):
                os.remove(os.path.join(args.out, name))
    write(listed, text)
    print("%d mutants in %d files" % (len(mutants), len(touched)))


def drop(args):
    mutants = {m["number"]: m for m in json.load(open(os.path.join(args.out, "mutants.json")))}
    faulty = set()
    for m in re.finditer(r"mutation/include/([\w/.]+):(\d+):\d+: error", open(args.log).read()):
        lines = open(os.path.join(args.out, "include", m[1])).readlines()
        for back in range(5):  # the switch stands in the line, or opens the block that it is in
            found = re.search(r"rheo_mutation::on\((\d+)\)", lines[int(m[2]) - 1 - back])
            if found:
                faulty.add(int(found[1]))
                break
    with open(os.path.join(HERE, "not_compiled.txt"), "a") as f:
        for k in sorted(faulty):
            f.write("%s\t%s\t%s\n" % tuple(mutants[k][x] for x in ("file", "was", "becomes")))
    print("%d more that do not compile" % len(faulty))


def write(path, text):
    if os.path.exists(path) and open(path).read() == text:
        return  # so that nothing is compiled again for nothing
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as f:
        f.write(text)


def call(test, mutant, limit, seen=None, shift=0):
    """(whether it passed, seconds)"""
    env = dict(os.environ, RHEO_MUTANT=str(mutant), RHEO_SEED_SHIFT=str(shift), OMP_NUM_THREADS="1")
    if seen:
        env["RHEO_MUTANTS_SEEN"] = seen
    begin = time.time()
    try:
        done = subprocess.run(
            test["command"],
            cwd=test["folder"],
            env=env,
            timeout=limit,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (6 << 30, 6 << 30)),
        )
        passed = done.returncode == 0 and not re.search(rb"No tests ran|No test cases matched", done.stdout)
    except subprocess.TimeoutExpired:
        passed = False
    return passed, time.time() - begin


def tests_of(args):
    args.build, args.out = os.path.abspath(args.build), os.path.abspath(args.out)  # tests run in folders of their own
    shown = subprocess.run(["ctest", "--show-only=json-v1"], cwd=args.build, capture_output=True, text=True, check=True)
    tests = {}
    for t in json.loads(shown.stdout)["tests"]:
        folder = next((p["value"] for p in t["properties"] if p["name"] == "WORKING_DIRECTORY"), args.build)
        if "command" in t and os.path.exists(t["command"][0]) and re.search(args.tests, t["name"]):
            tests[t["name"]] = dict(command=t["command"], folder=folder)
    return tests


def run(args):
    tests = tests_of(args)
    mutants = json.load(open(os.path.join(args.out, "mutants.json")))
    reach_file = os.path.join(args.out, "reach.json")
    with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
        if not os.path.exists(reach_file):

            def trace(name):
                seen = os.path.join(args.out, "seen." + name)
                if os.path.exists(seen):
                    os.remove(seen)
                passed, seconds = call(tests[name], 0, 900, seen)
                numbers = sorted({int(n) for n in open(seen)}) if os.path.exists(seen) else []
                return name, dict(passed=passed, seconds=seconds, reaches=numbers)

            reach = dict(pool.map(trace, tests))
            json.dump(reach, open(reach_file, "w"))
        reach = json.load(open(reach_file))
        broken = [n for n, r in reach.items() if not r["passed"]]
        if broken:
            print("these tests fail without a mutant and are left out:", *broken)
        results = os.path.join(args.out, "results.jsonl")
        done = {r["number"] for r in map(json.loads, open(results))} if os.path.exists(results) else set()

        def judge(m):
            can = sorted(
                (r["seconds"], n)
                for n, r in reach.items()
                if m["number"] in r["reaches"] and r["passed"] and re.search(m.get("tests", ""), n)
            )
            spent, ran = 0.0, 0
            for seconds, name in can:
                if spent > args.budget:
                    break
                passed, took = call(tests[name], m["number"], 30 + 5 * seconds)
                spent, ran = spent + took, ran + 1
                if not passed:
                    return dict(m, killed_by=name, seconds=round(spent, 1))
            return dict(m, killed_by=None, ran=ran, of=len(can), seconds=round(spent, 1))

        for result in pool.map(judge, [m for m in mutants if m["number"] not in done]):
            with open(results, "a") as f:
                f.write(json.dumps(result) + "\n")
    table(args)


def seeds(args):
    tests = tests_of(args)
    kept = os.path.join(args.out, "seeds.jsonl")
    done = {(r["test"], r["shift"]): r for r in map(json.loads, open(kept))} if os.path.exists(kept) else {}

    def one(job):
        name, shift = job
        if job not in done:
            passed, seconds = call(tests[name], 0, 10 * args.limit, shift=shift)
            done[job] = dict(test=name, shift=shift, passed=passed, seconds=round(seconds, 2))
            with open(kept, "a") as f:
                f.write(json.dumps(done[job]) + "\n")
        return done[job]

    with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
        first = list(pool.map(one, ((n, 0) for n in sorted(tests))))
        names = [r["test"] for r in first if r["passed"] and r["seconds"] <= args.limit]
        print("%d tests of %d" % (len(names), len(tests)), flush=True)
        failed = {}
        for shift in range(1, args.seeds + 1):
            for r in pool.map(one, ((n, shift) for n in names)):
                if not r["passed"]:
                    failed.setdefault(r["test"], []).append(shift)
    for name, shifts in sorted(failed.items(), key=lambda f: -len(f[1])):
        print("%-40s %d of %d: %s" % (name, len(shifts), args.seeds, " ".join(map(str, shifts[:20]))))
    print("%d runs, %d failed" % (len(names) * args.seeds, sum(map(len, failed.values()))))
    return 1 if failed else 0


def table(args):
    every = [json.loads(line) for line in open(os.path.join(args.out, "results.jsonl"))]
    unseen = [r for r in every if r.get("twin") and not r["killed_by"]]
    for r in every:
        if r.get("twin"):
            print("%-90s %s" % (r["twin"], r["killed_by"] or "NOT NOTICED by %d tests" % r["of"]))
    print("%d promises and twins, %d not noticed" % (sum("twin" in r for r in every), len(unseen)))
    rows = [r for r in every if "twin" not in r]
    excused = {tuple(line.split("\t")[:3]) for line in open(os.path.join(HERE, "equivalent.txt"))}
    killed = [r for r in rows if r["killed_by"]]
    equivalent = [r for r in rows if not r["killed_by"] and (r["file"], r["was"], r["becomes"]) in excused]
    compiled = [r for r in rows if not r["killed_by"] and r.get("constant") and not r["of"] and r not in equivalent]
    alive = [r for r in rows if not r["killed_by"] and r not in equivalent + compiled]
    for r in alive:
        print(
            "survived %d  %s:%d (%s)\n  %s\n  %s"
            % (
                r["number"],
                r["file"],
                r["line"],
                "%d of %d tests that reach it" % (r["ran"], r["of"]) if r["of"] else "no test reaches it",
                r["was"],
                r["becomes"] or "(left out)",
            )
        )
    judged = len(killed) + len(alive)
    print(
        "%d mutants: %d killed, %d equivalent, %d run by the compiler alone, %d survived: %.1f %% of the others killed"
        % (len(rows), len(killed), len(equivalent), len(compiled), len(alive), 100.0 * len(killed) / max(judged, 1))
    )
    return 0 if not unseen and judged and len(killed) >= 0.97 * judged else 1


parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
commands = parser.add_subparsers(dest="command", required=True)
p = commands.add_parser("make")
p.add_argument("include"), p.add_argument("out")
p.add_argument("--count", type=int, default=300), p.add_argument("--seed", type=int, default=1)
p = commands.add_parser("run")
p.add_argument("build"), p.add_argument("out"), p.add_argument("--tests", default="")
p.add_argument("--jobs", type=int, default=2), p.add_argument("--budget", type=float, default=120)
p = commands.add_parser("table")
p.add_argument("out")
p = commands.add_parser("seeds")
p.add_argument("build"), p.add_argument("out"), p.add_argument("--tests", default="")
p.add_argument("--seeds", type=int, default=200), p.add_argument("--jobs", type=int, default=2)
p.add_argument("--limit", type=float, default=20)
p = commands.add_parser("drop")
p.add_argument("out"), p.add_argument("log")
arguments = parser.parse_args()
sys.exit({"make": make, "run": run, "seeds": seeds, "table": table, "drop": drop}[arguments.command](arguments))
