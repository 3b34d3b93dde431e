"""Plain words: those of any science, which name nothing, and groups of words that say the same, one group a line."""

GENERAL = """
ability able about above absence absent absolute abstract academic accelerated access according account accumulate accuracy accurate achieve acquire
acquisition across act action active adaptive added addition address adjusted adopt advanced advantage affect affinity after again against agent aggregation
agreement aid aim algorithm all allow almost alone along already also altered alternative although always among amount analogous analyses analysis analyze
and annual another any apart apparent appear applicable apply approach appropriate approximately architecture are area argue arise around array article ask
aspect assess assist associated assumption asymmetric attachment attain attempt attribute augmented author autonomous available average back background
balance base baseline basic basis became because become been before begin behave behavior behaviour being believe below beneficial benefit besides best
better between beyond bias big biological blind block both bound box break bring broad build burden but calculated call can candidate cannot canonical
capability capacity capture carry case category causal cause cease center central challenge chance change channel characteristic characterization checkpoint
chief chiefly choice circuit circumstance claim clarify class classification classified clear close cluster cold collection combined commence common
communication compare comparison competition complement complementary complete complex component composite comprehensive comprise computed concentration
concept conceptual concern conclude conclusion condition conduct confer confidence confirm connection consensus consequence conserved consider considerable
consist constant constitutive contact contain contemporary content context continue contrast contribute control conversion converted coordinate cope copy
core correct correlate corresponding cost could count coupling cover coverage create criteria critical cross crucial current curve cycle daily damage data
database date day deal death decision decrease deem deep defense deficiency define definition degree delayed delivered delivery demand demonstrate density
depend depict derived describe description design despite detail detect determine develop diagnosis diameter did differ differential difficult difficulty
diffusion dimensional dimensions direct discover discovery discrepancy discrete discuss display distance distinct distributed diverse divided division
document does domain done double down downstream dramatic drive driven dual dub due duration during dynamic dysfunction each earlier early effect efficacy
efficient eight either element elevated elucidate embedded emerge empirical employ enable encompass end enhance enriched ensure entail enter entire entry
environmental equal equivalent error escape especially essential establish estimate evaluate even event every evident evolution evolutionary evolve exact
examine example except excessive exchange excluded exclusively execute exhibit exist expanded expansion expected experience experimental explain exploit
explore express extend extension extent external extra extract extreme fact factor fail failure far fast faster feature fed feedback few fewer field final
find fine finish first five fixed focus fold follow for form former forward found foundation four fourth fraction fragment frame framework free frequency
frequent from full fully function fundamental further furthermore fusion future gain general generate get give given goal good great greater greatest green
group growing growth had half handle happen has have heavy height help hence here heterogeneity high higher highest highlight history home host how however
huge hundred hypothesis idea identification identify identity iii illustrate impact impairment implemented implications imply important improve incident
include incomplete incorporate increase indeed independent index indices induced influence inform initial innate inner input insight inspect instance
instead integral intend intensive inter interact interestingly interface intermediate internal interval intervention into intra introduce introduction
invasive inverse investigate involve isolation issue its itself joint just keep key kind knowledge known label lack large larger largest last late latent
later latter launch layer lead least left length less letter level leverage library life lifestyle light like likelihood limit line lineage linear link list
literature little live load local located loci long longer longitudinal loop loss lost low lower lowest made magnitude main maintain major make management
manipulation manner manual manuscript many map marked matched material matrix matter maximum may mean measure mechanism mechanistic mediated medical meet
member memory mention merely met method methodology middle might million min minimum minor minutes mixed mode model modern modest modification modulated
moment monitoring months more moreover morphology most much multi multicenter multiple multivariate must name native nature near need negative neither net
never nevertheless new next nine non none nonetheless nor normal not notably note notion novel now null number numerous objective observe obtain obvious
occur odds off offer often old older once one online only open operate opportunity options order origin other otherwise our out outcome outline output
outside over overall owing own pair panel paper paradigm parallel parameters part partial particular partner past pattern per percent percentage perform
perhaps period persist perspective phase piece place plain planning platform play pluripotent plus point pool poor population portion position possible post
posterior potential power practice pre precisely predict predictor predominantly preference presence present preserve pressure prevalence prevention
previous primarily primary principal principles prior probability problem procedure process produce product profile prognostic program progress project
promoted pronounced property proportion propose prospective protected protocol prove provide public published purpose put quality quantity question quite
raise random randomised range rank rapid rare rate rather ratio rationale reach reactions reading real reason receive recent recognition record recovered
recovery recruitment red reduce reduction reference regard region register registration registry regular regulated regulatory related relationship release
relevant remain remarkable removal repair repeat replaced replication report represent require research residual resistance resolution resolved resource
respect response rest restore restricted result retain retrospective reveal reverse review rich right rise risk robust role roughly safe safety same sample
say scale scenario science scientific scientist score screen scrutinize search second sections see seek seem seen segment select self sense sensitive
separated sequence sequential series serve service set seven severe shape share shift short shorter should show shown side signature significant signs
similar simple simply simultaneous since single site situation six size slight slow small smaller software solely solid solution some sort sought source
space span spatial special species specific spectrum spread stability stable stage standard start stat state statistics status stay steady step still stop
store strategy stratified strength stress striking strong strongest structure study sub subsequent subset substantial success such sufficient suggest
summary superior supplementation support suppress surface surprisingly survey survival susceptibility sustained symptom synthetic system systematic tackle
tail take taken target task team technique tell temperature temporal ten tendency term terminal test than thanks that the their them themselves then
theoretical theory there thereby therefore these they think third thirty this those though thought thousands three threshold through throughout throughput
thus tie time tiny together tolerance too tool top total toward toxicity tracking traditional training trait trans transfer transition translation
transmission transport treat trend trigger true truncated try turn twenty twice two type typical uncertain uncertainty unchanged uncover under underline
understand undertake unexpected unique unit universal unknown unlike unrelated unstable until update upon upper use user usual utility validate value
variable variance variation variety various vary vast version versus very via viability view vital wall was way weak web weight well were what when where
whereas whether which while white who whole whom whose why wide widespread wild will with within without work world worldwide worse would year yet yield
young zone
"""
SAME = """
show demonstrate reveal find report observe conclude confirm indicate establish prove note see document illustrate \
highlight discover uncover display exhibit detect identify state describe present suggest
use utilize employ apply adopt exploit leverage
perform conduct carry undertake execute run do
examine investigate study explore analyze assess evaluate test
obtain achieve reach attain yield get
produce generate create make form
cause lead result induce trigger bring give elicit provoke produce
increase raise rise elevate augment enhance boost amplify grow upregulate heighten climb
decrease reduce lower diminish lessen decline drop fall cut downregulate attenuate shrink
improve enhance ameliorate better
worsen impair deteriorate degrade harm hurt
prevent avert avoid
inhibit suppress block repress
promote facilitate support encourage foster favor stimulate
activate switch stimulate
help aid assist
begin start commence initiate
end stop finish cease terminate
keep maintain retain preserve conserve sustain
contain include comprise encompass incorporate
need require necessitate
depend rely hinge
occur happen arise appear
differ vary
exceed surpass outperform beat top outdo
associate link correlate relate connect tie
change alter modify
protect shield guard
confer provide give offer supply
encode code
contribute add
play have serve
think believe consider
important crucial critical vital essential key pivotal
main major principal chief primary
significant considerable substantial marked remarkable notable pronounced striking dramatic
strong robust potent powerful
clear evident obvious apparent
new novel
large big great huge substantial
small little tiny minor slight modest
numerous many several various multiple
additional further extra more
similar comparable equivalent alike
higher greater larger more elevated increased
lower smaller less fewer reduced decreased
fast quick rapid
frequent common usual
whole entire total complete full
also too moreover furthermore additionally besides
thus therefore hence consequently
however nevertheless nonetheless but yet though although
while whereas
because since as
mainly mostly largely primarily chiefly predominantly
approximately roughly about around nearly almost
especially particularly notably
patient case
people person individual subject participant human
children child kid
adult grownup
women woman female
men man male
physician doctor clinician
medication drug medicine
illness disease disorder sickness
tumor cancer neoplasm
kidney renal
heart cardiac
liver hepatic
lung pulmonary
brain cerebral
death mortality
method approach technique procedure
result finding outcome
paper article study work report
author researcher scientist investigator
effect impact influence
role function
part portion component
type kind sort form
group set
amount quantity level
rate frequency
risk hazard likelihood probability chance
ability capacity capability
purpose aim goal objective
therapy treatment
vs versus
within inside in
among between amongst
during throughout
after following upon
before prior
via through by using with
on upon
than to
per each every all
under below
over above across
with by
for of
from in
that which who
"""
