"""Kinds of sentences, by rule: which reports a result, says what was done, defines a word, asks, tells what is known, or sets up an inference."""

import re
from typing import Literal

StatementKind = Literal["finding", "method", "definition", "aim", "background", "premise"]
"""What a sentence does: reports a result, says what was done, defines a word, asks, tells what is known, or sets up an inference."""

_I = re.IGNORECASE
_LEAD = (
    r"^(?:\W*(?:here|thus|hence|therefore|specifically|next|first|second|finally|then|in addition|moreover|furthermore|in this \w+|also|"
    r"however),? )?"
)
_US = (
    r"(?:we|i|the authors?|authors?|researchers?|investigators?|(?:this|the|our|the present|the current|present) (?:\w+ )?(?:paper|work|"
    r"study|article|report|review|trial|analysis|thesis))"
)
_PREMISE = re.compile(
    rf"{_LEAD}(?:if|suppose|assuming|assume|provided|given that|were)\b.+?[,;].*?\b(?:suggests?|impl(?:y|ies)|means?|indicates?|then|"
    rf"would|should|must|"
    r"can|could|may|might|will|hold|equals?|follows?|has|have|is|are)\b"
    rf"|{_LEAD}(?:when|whenever)\b[^,]+, (?:it|this|that|one|we)(?: \w+)? (?:suggests?|impl(?:y|ies)|means?|indicates?|must|would|should|"
    rf"conclude|infer)\b",
    _I,
)  # fmt: skip
_ASKS = (
    r"(?:aim|seek|sought|ask|investigat|examin|explor|hypothesi[sz]|hope|wish|intend|attempt|wonder|set out|tr(?:y|ied) to|want|"
    r"consider|addresse?|stud(?:y|ied)|"
    r"tested|test|assess|evaluat|compar|determin|describe|discuss|review|focus|question|revisit|look)\w*"
)
_AIM = re.compile(
    rf"{_LEAD}(?:in order )?to (?:\w+ly |further |better )?(?:determine|investigate|examine|assess|evaluate|explore|test|study|compare|"
    rf"identify|establish|"
    r"ascertain|clarify|understand|describe|define|review|estimate|measure|analy[sz]e|elucidate|report|characteri[sz]e|quantify|develop|"
    r"provide|find|see|"
    r"address|summari[sz]e|update|present|confirm|discuss|validate|develop|gain|search|derive|improve|reassess|perform|conduct|"
    r"use)\b(?!.*, (?:we|the authors|i)\b)(?!.*, (?:\w+ ){1,6}(?:was|were|is|are)\b)"
    rf"|{_LEAD}{_US}(?: \w+ly| first| then| also| next| further| here| thus| therefore)*,? (?:was |were |is |are |has )?(?:designed |"
    rf"conducted |undertaken |performed |carried out )?(?:to )?{_ASKS}\b"
    r"|\b(?:aim|goal|objective|purpose|intent)s?\b[^.;]{0,80}?\b(?:is|was|are|were)(?: \w+)? (?:to|that|whether)\b"
    r"|\b(?:aim|seek|sought)(?:s|ed|ing)? (?:to|at)\b|\bresearch question|\bhypothesis (?:is|was) that"
    r"|\b(?:is|are|remains?|was) (?:still |yet |largely |currently )?(?:un(?:clear|known|certain)|not (?:clear|known|"
    r"certain)) (?:whether|if|how|why|which)\b|\?$",
    _I,
)  # fmt: skip
_ANSWERS = re.compile(
    r"\b(?:find|found|finds|shows?|showed|shown|demonstrat\w+|reveal\w*|observed|confirm\w*|conclud\w+|suggest\w*|"
    r"indicat\w+)\b(?! (?:out|if|whether))",
    _I,
)
_DEFINITION = re.compile(
    r"\b(?:is|are|was|were|be|been) (?:defined|known|termed|denoted|called|referred to) (?:as|by)\b|\bwe (?:define|call|denote|refer to|"
    r"say)\b|\bwe mean\b|\b(?:is|are) called\b"
    r"|^(?:\W*(?:the (?:term|notion|concept|word)|an?|the) )?[\w'’@-]+(?: [\w'’@-]+){0,4} (?:refers? to|denotes?|means|describes|"
    r"stands for|consists? of|involves|signifies)\b(?! (?:that|a role))"
    r"|^(?:an? )?[\w'’@-]+(?: [\w'’@-]+){0,4} (?:is|are) (?:an? |the )(?:\w+ ){0,3}(?:method|technique|measure|process|task|procedure|"
    r"share|number|fraction|"
    r"ratio|probability|set|type|kind|form|class|passage|document|model|approach|metric|way|distance|average|mean|sum|field|framework|"
    r"network|algorithm)\b"
    r"(?: of| that| which| in which| for| where| by| to| whose)\b",
    _I,
)  # fmt: skip
_BACKGROUND = re.compile(
    r"\b(?:ha(?:s|ve) (?:\w+ly |long |also |often |recently |never |not )*(?:been|attracted|become|emerged|focused|questioned|shown|"
    r"suggested|reported|led|relied|gained|raised|"
    r"increased|compared|proposed|demonstrated|explored|examined|studied|investigated))\b"
    r"|\b(?:recent|previous|prior|earlier|past|existing|many|several|most|few|other) (?:\w+ )?(?:stud(?:y|ies)|work|works|research|"
    r"approach(?:es)?|methods?|reports?|papers?|evidence|trials?|literature|authors)\b"
    r"|\b(?:little|much|less|more|not much|it) is (?:\w+ )?(?:known|understood)\b|\bpoorly understood\b|\bremains? (?:\w+ )?(?:unclear|"
    r"unknown|poorly|controversial|uncertain|elusive|to be|a )"
    r"|\b(?:is|are) (?:still |largely |currently |often )?(?:unclear|unknown|controversial|lacking|debated|limited|rare|scarce|common|"
    r"essential|critical|important|crucial)\b"
    r"|\b(?:is|are) (?:\w+ly )?(?:a|an|the|one of the|among the) (?:\w+ ){0,2}(?:leading|major|common|important|main|key|frequent|"
    r"critical|essential|global|serious|central|crucial|growing|widespread|popular|"
    r"promising|powerful|hallmark|prevalent|standard|primary)\b"
    r"|\bplays? (?:an? |the )?(?:\w+ )?(?:roles?|part)\b|\b(?:worldwide|globally|in recent years|in the past|traditionally|historically|"
    r"for decades|nowadays|well[- ](?:known|established))\b"
    r"|\b(?:is|are) (?:\w+ )?(?:widely|commonly|often|usually|typically|frequently|generally|thought|believed|considered|known|"
    r"recommended|used|required|needed|regulated|"
    r"characterized|composed|expected|increasing|increasingly|being)\b",
    _I,
)  # fmt: skip
_METHOD = re.compile(
    rf"(?:{_LEAD}|, |^.*?\b){_US}(?: \w+ly| first| then| also| further)* (?:use|train|conduct|perform|collect|measur|comput|appl|recruit|"
    rf"enrol|search|sampl|randomi[sz]|assign|"
    r"includ|select|extract|record|replicat|implement|build|built|obtain|calculat|employ|adopt|follow|fine-tun|encod|annotat|analy[sz]|"
    r"carr(?:y|ied)|develop|"
    r"construct|creat|generat|interview|adjust|pool|estimat|identif|design|evaluat|test|compar|assess|examin|review|monitor|scor|link|"
    r"genotyp|did|undertook|sequenc|cultur|isolat|us(?:e|ed|ing)|took|drew|ran|run|chose|assembl|retriev|propos|introduc|present)\w*"
    r"|\b(?:was|were|is|are|being|been) (?:\w+ly |then |also |first |subsequently |all |not )*(?:performed|measured|conducted|collected|"
    r"trained|assessed|randomi[sz]ed|randomly|recruited|enrolled|"
    r"obtained (?:from|by)|stored|analy[sz]ed|sampled|encoded|recorded|transcribed|coded|compared|computed|calculated|evaluated|"
    r"selected|assigned|allocated|extracted|used|"
    r"searched|identified|included|followed|interviewed|tested|determined|estimated|examined|adjusted|quantified|excluded|asked|given|"
    r"administered|treated|invited|scored|"
    r"screened|reviewed|classified|divided|studied|matched|monitored|pooled|carried out|applied|ascertained|derived|implemented|"
    r"replicated|frozen|undertaken|done|evaluated|"
    r"generated|isolated|stained|sequenced|genotyped|cultured|injected|fed|housed|infected|available|investigated|participants|eligible|considered)\b"
    r"|\b(?:task|task considered|experiment|procedure|protocol|implementation|code|dataset|corpus|setting|outcome|outcomes|endpoint|"
    r"end point|participants|patients|design|intervention|setup)\b[^.]{0,50} (?:is|was|are|were|included|comprised|consisted)\b"
    r"|^(?:\W*(?:an?|the) )?(?:\w+[ -]){0,4}(?:randomi[sz]ed|controlled|cohort|case-control|cross-sectional|prospective|retrospective|"
    r"observational|population[- ]based|systematic|multicent\w+|"
    r"double[- ]blind|longitudinal)\b[^.]{0,80}(?:trial|study|review|analysis|survey|design|studies|meta-analysis)\b(?!.*\b(?:showed|"
    r"found|reduced|increased|associated)\b)"
    r"|\b(?:using|by means of) (?:an? |the )?\w+|\bbased on (?:an? |the )?\w+ (?:data|model|test|analysis)|"
    r"\bfollowing the (?:\w+ )?(?:method|protocol|procedure)",
    _I,
)  # fmt: skip
_FINDING = re.compile(
    r"\b(?:we|i|authors|they|results?|data|findings|analys[ie]s|experiments?|study|studies|evidence|observations?|these|this|here|"
    r"regression|models?|which) (?:\w+ly |also |further |thus |therefore |then )*"
    r"(?:find|found|finds|shows?|showed|shown|demonstrate[sd]?|reveal(?:s|ed)?|observed?|report(?:ed)?|conclude[sd]?|confirm(?:s|ed)?|"
    r"suggest(?:s|ed)?|indicate[sd]?|"
    r"provides?|support(?:s|ed)?|impl(?:y|ies)|establish(?:es|ed)?|identif(?:y|ied)|propose|uncover(?:ed)?|highlights?|discover(?:ed)?|"
    r"achieves?|detected)\b"
    r"|\b(?:increase[sd]?|decrease[sd]?|improve[sd]?|reduce[sd]?|outperform(?:s|ed)?|(?:higher|lower|greater|fewer|better|worse|larger|"
    r"smaller|taller|longer|shorter|more|less)\b[^.]*\bthan|"
    r"significan(?:t|tly|ce)|(?:was|were|is|are) (?:\w+ly |not )?(?:associated|correlated|related|linked)|led to|leads? to|result(?:s|"
    r"ed) in|fell|rose|beat|gain(?:s|ed)|fails?|failed|disappeared|declined|"
    r"no (?:difference|effect|evidence|association|change)s?|[Pp] ?[=<>≤] ?0?\.\d|CI\b|confidence interval|hazard ratio|odds ratio|"
    r"relative risk|contrary to|enhance[sd]?|inhibit(?:s|ed)|induce[sd]?|"
    r"prevent(?:s|ed)|abolish\w*|promot(?:es|ed)|impair(?:s|ed)|exhibit(?:s|ed)|had)\b|\d ?%|\b(?:were|was) (?:observed|found|seen|"
    r"detected|obtained|\d|higher|lower|greater|similar|present|required|shown)",
    _I,
)  # fmt: skip


def kind_of(sentence: str) -> StatementKind:
    """Return what a sentence does, by the words that mark it; a bare assertion counts as a finding, which it claims to be.

    >>> kind_of("We aim to determine whether pruning helps."), kind_of("If it fails, it suggests that the layer is empty.")
    ('aim', 'premise')
    """
    if _PREMISE.search(sentence) and not _FINDING_BY_NUMBERS.search(sentence):
        return "premise"
    aim = _AIM.search(sentence)
    if aim and not _ANSWERS.search(sentence[aim.end() :]):
        return "aim"
    if _DEFINITION.search(sentence):
        return "definition"
    return _of_rest(sentence)


_FINDING_BY_NUMBERS = re.compile(r"\d ?%|[Pp] ?[=<] ?0?\.\d")


def _of_rest(sentence: str) -> StatementKind:
    is_ours = re.search(r"\b(?:we|our|here|this (?:study|paper|work))\b", sentence, _I)
    if _BACKGROUND.search(sentence) and not is_ours and not _FINDING_BY_NUMBERS.search(sentence):
        return "background"
    finding, method = _FINDING.search(sentence), _METHOD.search(sentence)
    if method and (not finding or (method.start() < finding.start() and not _ANSWERS.search(sentence))):
        return "method"
    return "finding"
