"""Notebook: the first screen as one HTML fragment that fits into somebody else's page."""

from jinja2 import Environment

from evidense.report.answer import answer, family, title
from evidense.report.contents import Contents
from evidense.report.forest import group, scale_of
from evidense.report.words import margin_text

_TEMPLATE = """<div style="max-width:60rem;font:14px/1.5 system-ui,sans-serif;font-variant-numeric:tabular-nums">
<div><b>{{ title }}</b> <span style="opacity:.7">{{ primary }} · margin {{ margin }} · {{ confidence }}, {{ family }}</span></div>
{% for a in answers %}<div style="margin:.4em 0;padding:.4em .8em;border:1px solid;border-radius:6px"><b>{{ a.lead }}:</b> {% if answers|length > 1 %}<bdi>{{ a.system }}</bdi>: {% endif %}{{ a.sentence }} <b style="float:right">gate: {{ "PASS" if a.passes else "FAIL" }}</b></div>
{% endfor %}<table style="width:100%;border-collapse:collapse;font-size:13px"><thead><tr>{% for head in heads %}<th style="text-align:{{ 'right' if loop.index > 4 else 'left' }};font-weight:500;opacity:.7">{{ head }}</th>{% endfor %}</tr></thead><tbody>
{% for g in groups %}{% for r in g.rows + g.summary %}<tr style="border-top:1px solid rgba(128,128,128,.3)"><td style="text-align:left;white-space:nowrap;font-weight:700;color:{{ colours.get(r.word.word, 'inherit') if r.word else 'inherit' }}">{% if r.word %}{{ r.word.icon }} {{ r.word.word }}{% endif %}</td><td style="text-align:left">{% if groups|length > 1 %}<bdi>{{ g.system }}</bdi>{% endif %}</td><td style="text-align:left"><bdi>{{ r.name }}</bdi></td><td style="width:30%"><svg width="100%" height="20" role="img" aria-label="{{ r.spoken }}" style="overflow:visible;display:block"><rect x="{{ scale.band[0] }}%" width="{{ scale.band[1] }}%" y="0" height="20" fill="currentColor" opacity=".09"/><line x1="{{ scale.zero }}%" x2="{{ scale.zero }}%" y1="0" y2="20" stroke="currentColor" opacity=".5"/><line x1="{{ r.start }}%" x2="{{ r.end }}%" y1="10" y2="10" stroke="currentColor" stroke-width="2"/><circle cx="{{ r.at }}%" cy="10" r="4" fill="currentColor"/></svg></td><td style="text-align:right;white-space:nowrap"><b>{{ r.effect }}</b> {{ r.interval }}</td><td style="text-align:right">{{ r.n }}</td><td style="text-align:right;white-space:nowrap">{{ r.tally }}</td></tr>
{% endfor %}{% endfor %}</tbody></table></div>"""
_HEADS = ("verdict", "system", "collection", "", "effect [interval]", "n", "win / tie / loss")
_COLOURS = {"HARMS": "#d9541e", "HELPS": "#3d7fe0"}
"""Readable on white and on black alike (contrast at least 3.8 : 1, in bold)."""


def fragment(contents: Contents) -> str:
    """Return the fragment; it has no script, no class and no id, so that it cannot clash with the notebook."""
    study, scale = contents.study, scale_of(contents)
    return Environment(autoescape=True).from_string(_TEMPLATE).render(
        title=title(contents), primary=study.primary, margin=margin_text(study.margin), confidence=f"{study.confidence:.0%}", family=family(contents),
        answers=[answer(contents, s) for s in contents.systems], groups=[group(contents, s, scale) for s in contents.systems],
        scale=scale, heads=_HEADS, colours=_COLOURS,
    )  # fmt: skip
