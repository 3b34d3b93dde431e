"""Draw the risk of the entailer that ships by coverage: `python docs/figures/risk.py` writes risk.svg and prints the same as a table."""

from pathlib import Path

from evidense import registry
from evidense.boundary.numerals import percent
from evidense.checking.calibration import calibration_for
from evidense.report.check.curve import HEIGHT, LEFT, RIGHT, WIDTH, RiskCurve, risk_curve

TARGET = 0.10


def figure(curve: RiskCurve) -> str:
    """Return the picture."""
    end = WIDTH - RIGHT
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH:g} {HEIGHT:g}" font-family="sans-serif" font-size="13" fill="#57606a" role="img">',
        f'<title>{curve.spoken}</title><rect width="{WIDTH:g}" height="{HEIGHT:g}" fill="#ffffff"/>',
        *(
            f'<line x1="{LEFT}" x2="{end}" y1="{y}" y2="{y}" stroke="#d8dee4"/><text x="{LEFT - 8}" y="{y + 4}" text-anchor="end">{t}</text>'
            for y, t in curve.up
        ),
        *(f'<text x="{x}" y="274" text-anchor="middle">{text}</text>' for x, text in curve.across[:-1]),
        f'<text x="{end}" y="274" text-anchor="end">{curve.across[-1][1]}</text>',
        '<text x="343" y="300" text-anchor="middle">verdicts on so many statements, the surest first</text>',
        f'<polygon points="{curve.band}" fill="#0969da" opacity=".16"/><polyline points="{curve.line}" fill="none" stroke="#0969da" stroke-width="2"/>',
        *(f'<path d="M{m.x} {m.y}V{m.upper}" stroke="#0969da"/><circle cx="{m.x}" cy="{m.y}" r="3.2" fill="#0969da"/>' for m in curve.marks),
        f'<path d="M{LEFT} {curve.target}H{end}" stroke="#cf222e" stroke-width="1.6" stroke-dasharray="6 4"/>',
        f'<text x="{end}" y="{curve.target - 6}" text-anchor="end" fill="#cf222e" font-weight="600">target {curve.target_text}</text></svg>',
    ]  # fmt: skip
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    calibration = calibration_for(registry.part("entailers", "features").open("features").identity, "claim")
    assert calibration is not None
    drawn = risk_curve(calibration, TARGET)
    (Path(__file__).parent / "risk.svg").write_text(figure(drawn), encoding="utf-8")
    for mark in drawn.marks:
        row = mark.row
        print(f"| {percent(row.coverage)} | {row.n} | {percent(row.risk)} | {percent(row.upper)} |")
