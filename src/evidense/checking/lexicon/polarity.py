"""Polarity: the words that `features` counts. Its weights were fitted on just these, so a change asks for `make judge`; the rules know more words."""

import re

UP = re.compile(
    r"\b(?:increas|rais|ris(?:e|ing)|rose|elevat|enhanc|improv|promot|stimulat|upregulat|up-regulat|activat|induc|augment|boost|accelerat|"
    r"amplif|strengthen|facilitat|grow|gain|expand|higher|greater|more|larger|longer|better|stronger|exceed|positiv|benefi|overexpress|"
    r"superior|above|high)\w*",
    re.IGNORECASE,
)  # fmt: skip
DOWN = re.compile(
    r"\b(?:decreas|reduc|lower|declin|diminish|inhibit|suppress|impair|attenuat|downregulat|down-regulat|prevent|block|abolish|abrogat|"
    r"deplet|limit|weaken|worsen|los[st]|fewer|less|smaller|shorter|worse|weaker|negativ|harm|inferior|deficien|disrupt|loss|lack|"
    r"reject|inactivat|repress|below|low|protect|knockout|knockdown|silenc|delay|slow)\w*",
    re.IGNORECASE,
)  # fmt: skip
NULL = re.compile(
    r"\b(?:no (?:\w+ ){0,3}(?:difference|effect|association|change|evidence|correlation|impact|influence|relationship|benefit)s?|"
    r"not (?:\w+ ){0,2}(?:differ|associated|affect|change|correlate|increase|decrease|reduce|improve|alter|significant|significantly)\w*|"
    r"(?:un(?:changed|affected|altered|related)|similar|equal|comparable|independent|irrespective|regardless|non-?significant))\b",
    re.IGNORECASE,
)  # fmt: skip
PAIRS_OF_STEMS = tuple(
    (frozenset(one.split()), frozenset(other.split()))
    for one, other in (
        ("activ induc stimul promot upregul trigger enabl", "inhibit suppress inactiv repress downregul block prevent abolish"),
        ("increas higher high more greater elev rais rise enhanc improv", "decreas lower low less fewer reduc declin impair diminish"),
        ("posit", "negat invers"), ("present presenc gain express", "absent absenc loss lack defici deplet"),
        ("benefici benefit protect effect efficaci", "harm detriment ineffect risk advers"), ("always all everi", "never none rare seldom some"),
        ("long longer prolong earli", "short shorter late delay"), ("before", "after"), ("better superior", "wors poorer inferior"),
        ("strong stronger", "weak weaker"), ("necessari essenti requir need", "dispens unnecessari independ redund"),
        ("common frequent preval", "rare uncommon infrequ"), ("major most", "minor few minim"), ("success", "fail failur unsuccess"),
        ("resist", "sensit suscept"), ("upstream", "downstream"), ("acut", "chronic"), ("intern", "extern"), ("same similar ident", "differ distinct opposit"),
    )
)  # fmt: skip
CONCLUDES = re.compile(
    r"\b(?:conclu\w+|in summary|these (?:results|data|findings)|our (?:results|data|findings)|we (?:show|found|find|demonstrate|report|"
    r"conclude|identified)|suggest\w*|indicat\w*|demonstrat\w*|therefore|thus)\b",
    re.IGNORECASE,
)  # fmt: skip
