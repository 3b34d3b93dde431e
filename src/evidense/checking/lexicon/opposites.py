"""Opposites: the words of English that say which way something goes, opposite sides on a line. Any form of a word counts."""

TABLE = """
increase raise rise risen rose elevate high higher highest great greater greatest more most large larger largest upregulate enhance augment amplify \
boost grow grew grown growth gain lengthen prolong extend expand accelerate fast faster fastest rapid quick quicker strong stronger strongest \
strengthen intensify intense many much frequent often common maximize maximal maximum upper up above over exceed accumulate enrich abundant elongate \
excess excessive plus wide wider widen broad broader broaden deep deeper overexpress overestimate heavy heavier escalate surge soar climb double \
triple multiply potentiate aggravate exacerbate peak long longer longest upward majority top overexpression hyperactive big bigger rich outnumber | \
decrease reduce reduction low lower lowest lowered lowering lesser less least small smaller smallest few fewer fewest downregulate diminish attenuate \
dampen shrink shrank shrunk decline drop dropped fall fell fallen lose lost loss shorten curtail contract decelerate slow slower slowest gradual weak \
weaker weakest weaken mild little infrequent rare rarely uncommon seldom minimize minimal minimum lower down below under deplete scarce deficit \
deficient deficiency minus narrow narrower shallow shallower underexpress underestimate light lighter dwindle halve cut short shorter shortest \
downward minority bottom lessen alleviate ameliorate relieve mitigate curb suppress reduced hypoactive tiny poor moderate
improve improvement better best outperform superior superiority beneficial benefit surpass favorable favourable optimal optimum win won advantage \
advantageous effective effectiveness efficacious efficient successful success succeed protective protect safe safer helpful help good excel accurate \
robust adequate promising easy easier easily useful strong gain beat useful reliable ease well recover recovery heal safety | worse worst worsen \
deteriorate deterioration underperform inferior inferiority harmful harm impair impairment degrade degradation detriment detrimental unfavorable \
unfavourable suboptimal lose lost disadvantage disadvantageous ineffective ineffectiveness inefficient unsuccessful failure fail dangerous hazardous \
danger unsafe poor poorer poorly hurt bad inaccurate brittle fragile toxic inadequate difficult hard harder hardly difficulty useless weak loss damage \
decline lag unreliable ill vulnerable adverse trail
activate activation promote stimulate induce induction trigger agonist agonism activator inducer initiate enable permit allow facilitate support \
potentiate favor favour drive driven evoke elicit cause provoke start begin began begun open encourage produce generate mediate restore rescue advance \
create permissive express expression upregulate enhance accelerate increase form let continue turn on build stimulatory add | inactivate inactivation \
inhibit inhibition suppress suppression repress repression block blockade antagonist antagonism inhibitor suppressor repressor inhibitory terminate \
prevent prevention abolish abrogate disable forbid prohibit hinder impede arrest silence stop stopped end ended close discourage disrupt obstruct \
retard delay restrict limit destroy eliminate preclude eradicate counteract oppose quench deplete delete deletion impair halt downregulate attenuate \
reduce decrease ablate ablation discontinue withdraw remove preventive
stabilize stabilise stable stability bind bound assemble assembly attach attachment couple synthesize synthesise synthesis construct aggregate \
aggregation join unite merge integrate integration connect condense polymerize fuse fusion tight retain make made associate | destabilize destabilise \
unstable instability dissociate dissociation disassemble disassembly detach detachment uncouple degrade breakdown break broke broken destroy \
disintegrate separate divide segregate disconnect depolymerize split loose cleave cleavage release
positive positively | negative negatively inverse inversely
present presence contain include inclusion possess | absent absence lack lacking exclude exclusion omit devoid
significant significantly | insignificant insignificantly nonsignificant nonsignificantly
confirm verify corroborate support prove validate agree agreement consistent consistently accept acceptance | refute contradict disprove challenge \
disagree disagreement inconsistent inconsistently reject rejection oppose doubt
true correct correctly right | false untrue incorrect incorrectly wrong
necessary required require essential indispensable crucial critical | unnecessary dispensable redundant optional
sufficient sufficiently adequate adequately enough | insufficient insufficiently inadequate inadequately
able capable ability capability | unable incapable inability
likely possible possibly probable | unlikely impossible improbable
detectable detected detect | undetectable undetected
known clear clearly evident understood | unknown unclear obscure
sensitive sensitivity sensitize susceptible susceptibility vulnerable vulnerability responsive | insensitive insensitivity resistant resistance resist \
refractory immune unresponsive
dependent dependently depend related correlated correlate associated associate linked attributable | independent independently unrelated uncorrelated
positive succeed yes | no fail
always ever everywhere | never nowhere seldom rarely | sometimes occasionally
all every each both everyone | some several | most majority | few minority | no none nobody
direct directly | indirect indirectly inverse
consent recommend | refuse discourage
same similar similarly similarity identical identically equal equally equivalent comparable alike resemble match conserved uniform constant | \
different differently difference differ dissimilar distinct unequal vary variable diverse opposite other another mismatch contrast diverge divergent \
changing
left | right | center
anterior | posterior
dorsal | ventral
proximal near nearby close nearest adjacent | distal far distant farther remote
inside inner internal internally intracellular intrinsic endogenous within inward influx import enter entry indoor innermost | outside outer external \
externally extracellular extrinsic exogenous beyond outward efflux export exit leave outdoor outermost
before prior preceding precede previous previously early earlier earliest former pre past ago predate baseline preoperative prenatal premenopausal \
beginning onset | after subsequent subsequently following follow later late latest final latter last next post future now postoperative postnatal \
postmenopausal end perinatal
first initial initially primary | last final finally end second secondary third subsequent
north northern | south southern
east eastern | west western
central centre center | peripheral periphery
upstream | downstream
forward advance front ahead leading | backward reverse back behind rear retreat
prospective prospectively | retrospective retrospectively
male males man men boy boys paternal father fathers paternally son husband | female females woman women girl girls maternal mother mothers maternally \
daughter wife
young younger youngest youth juvenile child children adolescent neonatal newborn infant infants new | old older oldest elderly aged adult adults \
senior ageing
acute acutely | chronic chronically
benign | malignant cancerous
dominant | recessive
homozygous homozygote | heterozygous heterozygote
homogeneous homogeneity uniform | heterogeneous heterogeneity diverse
aerobic | anaerobic
acidic acid | alkaline basic
hot warm warmer heat | cold cool cooler
single one individual alone unimodal unilateral monotherapy sole | multiple several double many complex combination combined bimodal bilateral multi \
both joint
simple simpler plain | complex complicated compound
hydrophilic | hydrophobic
soluble liquid | insoluble solid
excitatory excite | inhibitory inhibit
sympathetic | parasympathetic
linear | nonlinear quadratic
continuous continuously | discrete discontinuous intermittent
supervised | unsupervised
dense densely | sparse sparsely
symmetric | asymmetric
voluntary | involuntary mandatory
natural naturally | artificial artificially synthetic
mutant mutated mutation | wild-type wildtype wild
public | private
rural | urban
local locally regional | global globally national worldwide systemic general international
specific specifically particular | nonspecific unspecific general generally universal
mature | immature
major majority main | minor minority
alive live living survive survival survivor birth | dead death die died dying mortality
inpatient hospitalized | outpatient ambulatory
day daytime daily | night nighttime nightly
dry | wet moist
free unbound | bound
full complete completely whole total entire entirely fully | partial partially incomplete incompletely empty half fraction
systolic | diastolic
qualitative qualitatively | quantitative quantitatively numerical
subjective | objective
cis | trans
sense | antisense
coding exon | noncoding intron
somatic | germline
healthy normal normally typical usual unaffected regular | diseased abnormal abnormally atypical unusual affected irregular sick
familial inherited hereditary | sporadic
maladaptive | adaptive
innate congenital | acquired adaptive
temporary temporarily transient transiently reversible reversibly short-term short-lived | permanent permanently persistent persistently irreversible \
irreversibly sustained long-term long-lived
treated vaccinated exposed adjusted | untreated unvaccinated unexposed unadjusted placebo
invasive | noninvasive confined
lean thin underweight | fat obese overweight
conscious awake | unconscious asleep anesthetized
maximum maximal | minimum minimal
overt explicit visible apparent | latent covert implicit invisible hidden
induced | spontaneous
static passive passively stationary still stay | dynamic active actively mobile move moving
autologous homologous analogous | heterologous allogeneic
theoretical theoretically | empirical empirically applied
light bright | dark dim
black | white
expansion expand relaxation | contraction contract
smoker smokers smoking | nonsmoker nonsmokers non-smoker non-smokers nonsmoking non-smoking
symptomatic | asymptomatic
parametric | nonparametric
tolerance tolerant | intolerance intolerant
relative relatively | absolute absolutely
odd | even
mean average | median | mode
hourly | daily | weekly | monthly | yearly annually annual
once | twice | thrice
first | second | third | fourth | fifth
red | green | blue | yellow
summer | winter | spring | autumn
morning | evening | afternoon
open opening opened | closed close closing
even smooth | uneven rough
sensitivity | specificity
precision | recall
encoder encode | decoder decode
query queries | document documents passage passages
training train | testing test evaluation
donor donate | recipient acceptor receptor
predator host | prey parasite
supply | demand
input | output
import | export
afferent | efferent
cortical | subcortical
vertical vertically | horizontal horizontally
parallel | serial sequential perpendicular
shallow | deep
top | bottom
head | tail
start beginning begin | end finish finished
question | answer
cause causes | consequence consequences effect effects result results
epidemic pandemic | endemic
gross | net
rich wealthy richer affluent | poor poorer deprived
medical medically | surgical surgically
mental psychological | physical somatic
physical | virtual
known expected predicted anticipated | unknown unexpected unpredicted surprising
certain certainly definite definitely | uncertain possibly
agonist | antagonist
systemic | topical
intravenous intravenously | oral orally subcutaneous subcutaneously intramuscular
monolingual | multilingual bilingual
unimodal | multimodal
frozen | trainable tuned
in-domain | out-of-domain
offline | online
extractive | abstractive
lexical lexically | semantic semantically
explicit explicitly | implicit implicitly
"""
