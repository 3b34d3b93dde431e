"""Marks: the words by which the kinds of sentences are told apart. Each group says one thing; `_` stands for a space."""

import re

_I = re.IGNORECASE


def _any(words: str) -> str:
    """Return a pattern for any of some words, divided by spaces."""
    return "(?:" + "|".join(word.replace("_", " ") for word in words.split()) + ")"


def _one_of(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(patterns), _I)


_OPENERS = _any(
    "here thus hence therefore specifically next first second finally then in_addition moreover furthermore also however in_this_\\w+"
)
_LEAD = rf"^(?:\W*{_OPENERS},? )?"
_ADVERBS = r"(?: \w+ly| first| then| also| next| further| here| thus| therefore| subsequently| all| not)*"
_US = (
    r"(?:we|i|(?:the )?authors?|researchers?|investigators?|(?:this|the|our|the present|the current|present) (?:\w+ )?"
    + _any("paper work study article report review trial analysis thesis")
    + ")"
)

# An inference that is set up: "if the layer is empty, then …".
_CONDITION = _any("if suppose assuming assume provided given_that were")
_CONSEQUENCE = _any(
    "suggests? implies imply means? indicates? then would should must can could may might will hold equals? follows? has have is are"
)
_INFERS = _any("suggests? implies imply means? indicates? must would should conclude infer")
PREMISE = _one_of(
    rf"{_LEAD}{_CONDITION}\b.{{1,300}}?[,;].{{0,300}}?\b{_CONSEQUENCE}\b",
    rf"{_LEAD}(?:when|whenever)\b[^,]+, (?:it|this|that|one|we)(?: \w+)? {_INFERS}\b",
)

# A question: "to determine whether …", "we ask", "the aim was to".
_TO_LEARN = _any(
    "determine investigate examine assess evaluate explore test study compare identify establish ascertain clarify understand describe define "
    "review estimate measure analy[sz]e elucidate report characteri[sz]e quantify develop provide find see address summari[sz]e update present "
    "confirm discuss validate gain search derive improve reassess perform conduct use"
)
_ASKS = _any(
    "aim seek sought ask investigat examin explor hypothesi[sz] hope wish intend attempt wonder set_out try_to tried_to want consider address "
    "study studied tested test assess evaluat compar determin describe discuss review focus question revisit look"
)
_SAYS_WHO = (
    r"(?!.*, (?:we|the authors|i)\b)(?!.*, (?:\w+ ){1,6}(?:was|were|is|are)\b)"
    r"(?!.*\b(?:was|were) (?:taken|used|required|performed|administered|calculated)\b)"
)
"""Not "to assess the effect, blood was taken", which tells what was done."""
AIM = _one_of(
    rf"{_LEAD}(?:in order )?to (?:\w+ly |further |better )?{_TO_LEARN}\b{_SAYS_WHO}",
    rf"{_LEAD}{_US}{_ADVERBS},? (?:was |were |is |are |has )?(?:designed |conducted |undertaken |performed |carried out )?(?:to )?{_ASKS}\w*\b",
    r"\b(?:aim|goal|objective|purpose|intent)s?\b[^.;]{0,80}?\b(?:is|was|are|were)(?: \w+)? (?:to|that|whether)\b",
    r"\b(?:aim|seek|sought)(?:s|ed|ing)? (?:to|at)\b|\bresearch question|\bhypothesis (?:is|was) that",
    r"\b(?:is|are|remains?|was) (?:still |yet |largely |currently )?(?:un(?:clear|known|certain)|not (?:clear|known|certain)) (?:whether|if|how|why|which)\b",
    r"\?$",
)
ANSWERS = _one_of(
    r"\b(?:find|found|finds|shows?|showed|shown|demonstrat\w+|reveal\w*|observed|confirm\w*|conclud\w+|suggest\w*|indicat\w+)\b(?! (?:out|if|whether))"
)
"""An aim with its answer is a finding: "we asked whether …, and found"."""

# What a word means.
_TERM = r"[\w'’@-]+(?: [\w'’@-]+){0,4}"
_SORT = _any(
    "method technique measure process task procedure share number fraction ratio probability set type kind form class passage document model "
    "approach metric way distance average mean sum field framework network algorithm"
)
DEFINITION = _one_of(
    r"\b(?:is|are|was|were|be|been) (?:defined|known|termed|denoted|called|referred to) (?:as|by)\b|\b(?:is|are) called\b",
    r"\bwe (?:define|call|denote|refer to|say|mean)\b",
    rf"^(?:\W*(?:the (?:term|notion|concept|word)|an?|the) )?(?!(?:it|this|these|that|they|each)\b){_TERM} "
    r"(?:refers? to|denotes?|means|describes|stands for|consists? of|involves|signifies)\b(?! (?:that|a role))",
    rf"^(?:an? )?(?!(?:it|this|these|that|they)\b){_TERM} (?:is|are) (?:an? |the )(?:\w+ ){{0,3}}{_SORT}\b"
    r"(?: of| that| which| in which| for| where| by| to| whose)\b",
    r"^\W*[A-Z][\w-]{1,9}[,:=] [a-z][\w -]{6,60}; [A-Z][\w-]{1,9}[,:=] [a-z]",
)

# What is known already.
_DONE_BEFORE = _any(
    "been attracted become emerged focused questioned shown suggested reported led relied gained raised increased compared proposed demonstrated "
    "explored examined studied investigated"
)
_IMPORTANT = _any(
    "leading major common important main key frequent critical essential global serious central crucial growing widespread popular promising "
    "powerful hallmark prevalent standard primary"
)
BACKGROUND = _one_of(
    rf"\bha(?:s|ve) (?:\w+ly |long |also |often |never |not )*{_DONE_BEFORE}\b",
    r"\b(?:recent|previous|prior|earlier|past|existing|many|several|most|few|other) (?:\w+ )?"
    r"(?:stud(?:y|ies)|work|works|research|approach(?:es)?|methods?|reports?|papers?|evidence|trials?|literature|authors)\b",
    r"\b(?:little|much|less|more|not much|it) is (?:\w+ )?(?:known|understood)\b|\bpoorly understood\b",
    r"\bremains? (?:\w+ )?(?:unclear|unknown|poorly|controversial|uncertain|elusive|to be|a )",
    r"\b(?:is|are) (?:still |largely |currently |often )?(?:unclear|unknown|controversial|lacking|debated|limited|rare|scarce|common|essential|critical"
    r"|important|crucial)\b",
    rf"\b(?:is|are) (?:\w+ly )?(?:a|an|the|one of the|among the) (?:\w+ ){{0,2}}{_IMPORTANT}\b",
    r"\bplays? (?:an? |the )?(?:\w+ )?(?:roles?|part)\b",
    r"\b(?:worldwide|globally|in recent years|in the past|traditionally|historically|for decades|nowadays|well[- ](?:known|established)|in the world)\b",
    r"\b(?:is|are) (?:\w+ )?(?:widely|commonly|often|usually|typically|frequently|generally|thought|believed|considered|known|recommended|needed"
    r"|regulated|characterized|composed|expected|increasing|increasingly|being)\b",
    r"\b(?:according to|reported by|described by) [A-Z][\w-]+|\bin an? (?:\w+ ){0,2}(?:study|trial|comparison|review|cohort|meta-analysis) (?:of|by|in) ",
)

# What was done.
_DO = _any(
    "use train conduct perform collect measur comput appl recruit enrol search sampl randomi[sz] assign includ select extract record replicat "
    "implement build built obtain calculat employ adopt follow fine-tun encod annotat analy[sz] carry carried develop construct creat generat "
    "interview adjust pool estimat identif design evaluat test compar assess examin review monitor scor link genotyp did undertook sequenc cultur "
    "isolat us(?:e|ed|ing) took drew ran run chose assembl retriev propos introduc present"
)
_IRREGULAR = _any(
    "done undertaken taken given drawn built made chosen kept held fed put sent sought run frozen drawn split bought eligible available blinded masked"
)
_OF_RESULTS = _any(
    "observed obtained(?!_(?:from|by)) detected associated correlated related linked increased decreased reduced improved reported noted experienced "
    "achieved affected attributed explained limited needed impaired enhanced elevated sustained demonstrated confirmed suggested caused mediated "
    "tolerated satisfied preserved unchanged delayed identified_(?:as|in) revealed accompanied followed_by abolished inhibited induced prevented "
    "altered diminished lowered raised expected concerned interested supposed"
)
"""Participles that tell what came out, not what was done."""
_PROCEDURES = _any(
    "performed measured conducted collected trained assessed randomi[sz]ed recruited enrolled stored analy[sz]ed sampled encoded recorded transcribed "
    "coded compared computed calculated evaluated selected assigned allocated extracted used searched included interviewed tested estimated examined "
    "adjusted excluded asked given administered treated invited scored rated screened reviewed classified divided matched monitored pooled applied "
    "derived implemented replicated frozen generated informed instructed organi[sz]ed illustrated expressed_as presented_with randomly carried_out"
)
_OF_DESIGN = _any(
    "task experiment procedure protocol implementation code dataset corpus setting outcomes? outcome_criterion endpoint end[-_]point participants "
    "design intervention setup programme configuration variable"
)
_STUDY = _any(
    "randomi[sz]ed controlled cohort case-control cross-sectional prospective retrospective observational population[-_]based systematic "
    "multicent\\w+ double[-_]blind longitudinal"
)
_PEOPLE = _any(
    "patients participants subjects women men children adults volunteers students caregivers couples groups? arms?"
)
METHOD = _one_of(
    rf"(?:{_LEAD}|, |^.*?\b){_US}{_ADVERBS} {_DO}\w*",
    rf"\b(?:was|were|been|being){_ADVERBS} (?!{_OF_RESULTS}\b)(?:\w+ed|{_IRREGULAR})\b",
    rf"\b(?:is|are){_ADVERBS} {_PROCEDURES}\b",
    rf"\bwill{_ADVERBS} (?:be{_ADVERBS} (?:\w+ed|{_IRREGULAR})|receive|undergo|continue|complete|attend|include|use|collect|assess|recruit|compare)\b",
    rf"\b{_OF_DESIGN}\b[^.]{{0,50}} (?:is|was|are|were|included|comprised|consisted)\b",
    r"^(?:it|each|the) (?:\w+ ){0,3}(?:scale|questionnaire|inventory|instrument|index) (?:is|consists|comprises|contains|ranges|asks|measures)\b"
    r"|\bis an? (?:\w+[- ]){0,4}(?:scale|questionnaire|inventory)\b",
    r"\bitems? (?:is|are|being) (?:rated|scored)\b|^(?:it|they) (?:consists?|comprises?|includes?) ",
    rf"^(?:\W*(?:an?|the) )?(?:\w+[ -]){{0,4}}{_STUDY}\b[^.]{{0,80}}(?:trial|study|review|analysis|survey|design|studies|meta-analysis)\b"
    r"(?!.*\b(?:showed|found|reduced|increased|associated)\b)",
    r"\b(?:using|by means of) (?:an? |the )?\w+|\bbased on (?:an? |the )?(?:\w+ ){0,2}(?:data|model|test|analysis|quartiles?|criteria)",
    r"\bfollowing the (?:\w+ )?(?:method|protocol|procedure)",
    rf"\b{_PEOPLE} (?:\w+ )?(?:underwent|received|completed|attended)\b",
)

# What came out.
_SAYER = r"(?:we|i|authors|they|results?|data|findings|analys[ie]s|experiments?|study|studies|evidence|observations?|these|this|here|regression|models?|which)"
_SAY = _any(
    "find found finds shows? showed shown demonstrate[sd]? reveals? revealed observed? report(?:ed)? conclude[sd]? confirm(?:s|ed)? suggest(?:s|ed)? "
    "indicate[sd]? provides? support(?:s|ed)? imply implies establish(?:es|ed)? identify identified propose uncover(?:ed)? highlights? discover(?:ed)? "
    "achieves? detected"
)
_MORE = _any("higher lower greater fewer better worse larger smaller taller longer shorter more less")
_EFFECT = _any(
    "increase[sd]? decrease[sd]? improve[sd]? reduce[sd]? outperform(?:s|ed)? significant significantly significance led_to leads?_to results?_in "
    "resulted_in fell rose beat gain(?:s|ed) fails? failed disappeared declined contrary_to enhance[sd]? inhibit(?:s|ed) induce[sd]? prevent(?:s|ed) "
    "abolish\\w* promot(?:es|ed) impair(?:s|ed) exhibit(?:s|ed) had CI confidence_interval hazard_ratio odds_ratio relative_risk experienced"
)
FINDING = _one_of(
    rf"\b{_SAYER} (?:\w+ly |also |further |thus |therefore |then )*{_SAY}\b",
    rf"\b(?:{_EFFECT}|{_MORE}\b[^.]{{0,200}}\bthan|no (?:difference|effect|evidence|association|change)s?|[Pp] ?[=<>≤] ?0?\.\d)\b|\d ?%",
    r"\b(?:was|were|is|are) (?:\w+ly |not |more |less )*(?:associated|correlated|related|linked|likely)\b",
    r"\b(?:were|was) (?:\w+ly )?(?:observed|found|seen|detected|obtained|reported|\d|higher|lower|greater|similar|present|shown)",
)
BY_NUMBERS = re.compile(r"\d ?%|[Pp] ?[=<] ?0?\.\d")
"""Numbers that only a result has."""
SHARES = _one_of(r"\(\d[\d.]* ?%\)|\d ?% of (?!saline|ethanol)|\bby \d[\d.]* ?%")
"""Shares of the people or things that were studied."""
OURS = _one_of(r"\b(?:we|our|here|this (?:study|paper|work))\b")
