"""Print the share of lines and branches that the suite runs, a room a line: `make coverage`."""

import json
import sys
from collections import defaultdict
from pathlib import Path

FIELDS = ("covered_lines", "num_statements", "covered_branches", "num_branches")


def main(report: Path) -> None:
    """Read coverage.py's JSON report and print one Markdown row a room, least covered first."""
    rooms: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    for file, entry in json.loads(report.read_text(encoding="utf-8"))["files"].items():
        room = Path(file).parts[Path(file).parts.index("evidense") + 1]
        for row in (rooms[room], rooms["all"]):
            for i, field in enumerate(FIELDS):
                row[i] += entry["summary"][field]
    print("| room | lines | run | branches | run |\n|---|---|---|---|---|")
    for room, row in sorted(rooms.items(), key=lambda item: (item[0] == "all", item[1][0] / max(item[1][1], 1))):
        lines, branches = (f"{row[i] / row[i + 1]:.1%}" if row[i + 1] else "" for i in (0, 2))
        print(f"| {room} | {row[1]:,} | {lines} | {row[3]:,} | {branches} |")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
