#!/usr/bin/env python3
"""Counts a run's history again and compares with its record.

    python3 reports/recount.py reports/out/consumer-crash/latest

Written in another language and from the documented meaning of each figure (see
"Evidence" in the README), so that the same mistake would have to be made twice.
It needs nothing but Python's own library. Exit status: 0 all figures agree, 1 one
does not, and it is named, 2 the folder cannot be read.
"""
import functools
import gzip
import json
import os
import sys
import unicodedata
from collections import Counter, defaultdict

HISTORY, RECORD = "paperlab/history/v2", "paperlab/result/"


@functools.cache
def words(text):
    """Runs of letters and digits, in a form without letter case."""
    out, word = [], ""
    for c in text + " ":
        if unicodedata.category(c)[0] == "L" or unicodedata.category(c) == "Nd":
            # One letter stays one letter: of "ß", only the case may change.
            word += next((f for f in (c.casefold(), c.lower()) if len(f) == 1), c)
        elif word:
            out.append(word)
            word = ""
    return tuple(out)


def holds(text, term):
    """Whether the term's words stand in the text, whole and in a row."""
    text, term = words(text), words(term)
    return bool(term) and any(text[i:i + len(term)] == term for i in range(len(text)))


def matches(wish, paper):
    """Whether a subscription asks for a paper."""
    kind, term = wish["kind"], wish["term"]
    if kind == "keyword":
        return holds(paper["title"], term) or holds(paper.get("abstract", ""), term)
    if kind == "author":
        return any(holds(name, term) for name in paper["authors"] or [])
    if kind == "category":
        return any(c == term or term and c.split(".")[0] == term for c in paper["categories"] or [])
    return False


def early(sequence, ranks):
    """The effects of a sequence that came before one of lower rank."""
    found, lowest = set(), None
    for effect in reversed(sequence):
        if lowest is not None and ranks[effect] > lowest:
            found.add(effect)
        else:
            lowest = ranks[effect]
    return found


def recount(events, awaited):
    """The figures of one profile. A note is (subscription, version)."""
    wishes = {e["wish"]["id"]: e["wish"] for e in events if e["op"] == "subscribe"}
    serves = [e for e in events if e["op"] == "serve"]
    rank = {v: i for i, v in enumerate(dict.fromkeys(e["message"] for e in serves))}
    key = {e["message"]: e["key"] for e in serves}
    papers = {e["message"]: e["paper"] for e in serves if "paper" in e}
    wanted = {v: {w for w in wishes if matches(wishes[w], p)} for v, p in papers.items()}

    accepted = [e for e in events if e["op"] == "accept" and e["type"] == "ok"]
    on_papers = {e["message"] for e in accepted if e["stream"] == "papers"}
    places = defaultdict(dict)  # by note: the lowest entry id on each shard
    for e in accepted:
        if e["stream"] == "notifications":
            at = places[e["subscription"], e["version"]]
            entry = tuple(int(part) for part in e["entry"].split("-"))
            at[e.get("shard", 0)] = min(entry, at.get(e.get("shard", 0), entry))

    # Told: taken by the sink, whether or not it answered. An effect: not the repeat
    # of a key that came before.
    effects, repeats, first = [], [], {}
    for e in events:
        if e["op"] == "tell" and e["type"] != "fail":
            note = e.get("subscription", ""), e.get("version", "")
            (repeats if e.get("repeat") else effects).append((note, e))
            if not e.get("repeat"):
                first.setdefault(note, e)
    answered_again = {note for note, e in repeats if e["type"] == "ok"}

    published = {version for _, version in [*places, *first]}
    summaries = {e["message"] for e in events if e["op"] == "row" and e.get("name") == "summaries"}
    lost = sum(note not in first for note in places)
    for v in rank:
        if v in wanted and v not in published:
            lost += bool(wanted[v]) or bool(summaries) and v not in summaries
    phases = [e["name"] for e in events if e["op"] == "phase"]
    if phases[-1:] != ["done"]:
        lost = 0  # cut short: what was on its way had no time to arrive

    def unasked(subscription, version, subscriber):
        wish = wishes.get(subscription)
        return (version not in rank or wish is None or wish["subscriber"] != subscriber
                or version in wanted and subscription not in wanted[version])
    unexpected = sum(unasked(*note, e["subscriber"]) for note, e in effects) if wishes and rank else 0

    by_shard, by_paper = defaultdict(list), defaultdict(list)
    for note, e in first.items():  # in the order in which they were told
        for shard in places.get(note, {}):
            by_shard[e["subscriber"], shard].append(note)
        if note[1] in rank:
            by_paper[e["subscriber"], note[0], key[note[1]]].append(note)
    disorder = set()
    for (_, shard), notes in by_shard.items():
        disorder |= early(notes, {n: places[n][shard] for n in notes})
    for notes in by_paper.values():
        disorder |= early(notes, {n: rank[n[1]] for n in notes})

    answers = Counter(e["version"] for e in events if e["op"] == "ask" and e["type"] == "ok")
    struck = min((e["t"] - e.get("seconds", 0) for e in events if e["op"] == "fault" and e["type"] == "ok"), default=None)
    # A false alarm, whose condition held before anything was injected, detects nothing.
    injected = min((e["t"] for e in events if e["op"] == "fault" and e["type"] == "invoke"), default=None)
    heard = [e["t"] for e in events if e["op"] == "alert" and "news" in e and e["news"]["state"] == "firing"
             and None not in (struck, injected) and min(e["t"], e["news"].get("pending", e["t"])) >= injected
             and e["news"].get("scraped", injected) >= injected - 1 and awaited in ("", e["news"]["name"])]
    again = len(effects) - len(first)
    return {
        "offered": len(rank), "acknowledged": len(on_papers), "delivered": len(first), "lost": lost,
        "recovered": sum(e["type"] == "info" and note in answered_again for note, e in first.items()),
        "unexpected": unexpected, "duplicate_deliveries": len(repeats) + again, "duplicate_effects": again,
        "order_violations": len(disorder), "fenced": int(sum(e.get("value", 0) for e in events if e["op"] == "fenced")),
        "dead_letters": sum(e["op"] == "dead-letter" for e in events),
        "llm_calls": sum(e["op"] == "ask" and e["type"] == "invoke" for e in events),
        "llm_calls_repeated": sum(n - 1 for n in answers.values()),
        "time_to_detect_s": max(0, heard[0] - struck) if heard else None,
    }


def main(folder):
    with open(os.path.join(folder, "result.json"), encoding="utf-8") as f:
        record = json.load(f)
    with gzip.open(os.path.join(folder, "history.jsonl.gz"), "rt", encoding="utf-8") as f:
        head, *events = map(json.loads, f)
    if head.get("schema") != HISTORY or not record.get("schema", "").startswith(RECORD):
        raise ValueError(f"schemas {record.get('schema')!r} and {head.get('schema')!r}, want {RECORD}… and {HISTORY!r}")
    wrong = 0
    ran, seen = {run["profile"] for run in record["runs"] or []}, {e["profile"] for e in events}
    for profile in sorted(ran ^ seen):
        only = "record" if profile in ran else "history"
        if record["verdict"] not in ("aborted", "infrastructure"):
            print(f"DIFFERS  {profile:9} only the {only} tells of it")
            wrong += 1
    if not ran:
        raise ValueError("the record tells of no run")
    for run in record["runs"] or []:
        ids = [o["id"] for o in run["objectives"] or []]
        awaited = next((i.split(":", 1)[1] for i in ids if i.startswith("time_to_detect:")), "")
        mine = recount([e for e in events if e["profile"] == run["profile"]], awaited)
        stated = {**run["counts"], "time_to_detect_s": run["time_to_detect_s"]}
        for name, value in mine.items():
            agrees = value == stated[name] or None not in (value, stated[name]) and abs(value - stated[name]) < 1e-6
            print(f"{'agrees' if agrees else 'DIFFERS':8} {run['profile']:9} {name:21} record {stated[name]}, recounted {value}")
            wrong += not agrees
    print(f"{wrong} of the record's figures differ from the history" if wrong else "the record says what the history says")
    return 1 if wrong else 0


if __name__ == "__main__":
    try:
        if len(sys.argv) != 2:
            raise ValueError("one folder is needed, such as reports/out/consumer-crash/latest")
        sys.exit(main(sys.argv[1]))
    except (OSError, EOFError, ValueError, KeyError) as problem:
        why = problem if isinstance(problem, OSError) else repr(problem)
        print(f"recount: {why}; give the folder of a run that ended, with result.json and history.jsonl.gz", file=sys.stderr)
        sys.exit(2)
