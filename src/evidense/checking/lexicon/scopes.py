"""Words of scope: datasets, splits, metrics, models, tasks and populations that a statement may hold for. Items are divided by commas."""

DATASETS = """
MS MARCO, MS-MARCO, MSMARCO, Natural Questions, NQ, NQ320k, TriviaQA, HotpotQA, BEIR, SciFact, FEVER, Climate-FEVER, NFCorpus, FiQA, FiQA-2018, ArguAna,
Quora, SCIDOCS, TREC-COVID, TREC DL, TREC DL 2019, TREC DL 2020, TREC Deep Learning, TREC-CAR, TREC News, DBpedia, DBpedia-Entity, Touché, Touché-2020,
CQADupStack, Robust04, Signal-1M, BioASQ, SQuAD, WebQuestions, CuratedTREC, EntityQuestions, PopQA, MIRACL, Mr. TyDi, mMARCO, MKQA, XOR-TyDi, NeuCLIR, MTEB,
BRIGHT, LoTTE, STS-B, STS Benchmark, SICK, SICK-R, SNLI, MultiNLI, MNLI, QNLI, ANLI, XNLI, CodeSearchNet, CoIR, MS-COCO, MS COCO, MSCOCO, COCO, Flickr30k,
Flickr8k, ImageNet, CIFAR-10, CIFAR-100, MNIST, CC3M, CC12M, Conceptual Captions, LAION, LAION-400M, LAION-5B, WIT, VisDial, InfoSeek, WebQA, OK-VQA, VQAv2,
M-BEIR, MMEB, ViDoRe, DocVQA, Visual Genome, RefCOCO, Wikipedia, CommonCrawl, Common Crawl, C4, The Pile, GLUE, SuperGLUE, BookCorpus, WikiText-103,
CNN/DailyMail, XSum, CoNLL-2003, OntoNotes, SemEval, Reddit, StackExchange, Stack Overflow, S2ORC, PubMedQA, HealthVer, CLEF, INEX, ClueWeb, ClueWeb09,
ClueWeb12, ClueWeb22, Gov2, GOV2, WT10g, TREC, NTCIR, FIRE, Cranfield, LETOR, Yelp, Amazon, MovieLens, LibriSpeech, AudioCaps, MSR-VTT, UK Biobank, NHANES,
TCGA, MIMIC-III, MIMIC-IV, ADNI, GTEx, ENCODE, 1000 Genomes, gnomAD, ClinVar, Framingham, MEDLINE, PubMed, EMBASE, Cochrane, SEER,
QQP, Quora Question Pairs=QQP, QuoraRetrieval=Quora, DBPedia=DBpedia-Entity, DBPedia-Entity=DBpedia-Entity, DBpedia=DBpedia-Entity,
ClimateFEVER=Climate-FEVER, CLIMATE-FEVER=Climate-FEVER, FiQA2018=FiQA, FiQA-2018=FiQA, Touche-2020=Touché-2020, Touche2020=Touché-2020,
Touché2020=Touché-2020, Touche=Touché, TREC-NEWS=TREC News, TRECCOVID=TREC-COVID, SciDocs=SCIDOCS, Arguana=ArguAna, CQADupstack=CQADupStack,
CQADupstackRetrieval=CQADupStack, Signal1M=Signal-1M, Robust-04=Robust04, HotPotQA=HotpotQA, Mr. TyDI=Mr. TyDi, MrTidy=Mr. TyDi, MrTyDi=Mr. TyDi,
NarrativeQA, QMSum, SummScreenFD, 2WikiMultihopQA, MuSiQue, StrategyQA, MLDR, Belebele, StackOverflowQA, GermanQuAD, GermanDPR, DuRetrieval, T2Retrieval,
MMarcoRetrieval=mMARCO, CMedQA, CmedqaRetrieval=CMedQA, CovidRetrieval, EcomRetrieval, MedicalRetrieval, VideoRetrieval, AILACasedocs, LegalBench,
TREC-QA, WikiQA, ELI5, ReQA, CosQA, AppsRetrieval, FaithDial, FeedbackQA, MedicalQA, HellaSwag, PIQA, SpartQA, TempReason, WinoGrande, ARC-Challenge
"""
SPLITS = """
training set, training split, training data, train set, train split, development set, dev set, dev split, validation set, validation split, validation data,
test set, test split, test data, held-out set, held-out data, held-out, in-domain, out-of-domain, out-of-distribution, in-distribution, zero-shot, few-shot,
one-shot, fine-tuned, full ranking, reranking, cross-validation, discovery cohort, replication cohort, derivation cohort, validation cohort, unseen queries,
seen queries, unseen domains, hard subset, easy subset
"""
METRICS = """
nDCG, MRR, MAP, mean average precision, mean reciprocal rank, recall, precision, accuracy, F1, macro-F1, micro-F1, AUC, AUROC, AUPRC, exact match, EM, BLEU,
ROUGE, ROUGE-L, METEOR, BERTScore, perplexity, hit rate, success rate, hits, R-precision, ERR, RBP, bpref, Spearman, Pearson, Kendall, latency, throughput,
memory, FLOPs, index size, RMSE, MAE, word error rate, odds ratio, hazard ratio, relative risk, risk ratio, risk difference, sensitivity, specificity,
positive predictive value, negative predictive value, kappa, alignment, uniformity
"""
MODELS = """
BERT, RoBERTa, DistilBERT, ALBERT, ELECTRA, DeBERTa, SciBERT, BioBERT, PubMedBERT, mBERT, XLM-R, XLM-RoBERTa, XLNet, DPR, ANCE, ColBERT, ColBERTv2, PLAID,
SPLADE, uniCOIL, DeepImpact, DeepCT, docT5query, doc2query, BM25, BM25F, TF-IDF, RM3, QLD, Contriever, E5, BGE, GTE, SBERT, Sentence-BERT, MiniLM,
all-MiniLM-L6, all-MiniLM-L6-v2, MPNet, all-mpnet-base-v2, T5, mT5, GTR, Sentence-T5, ByT5, SimCSE, ConSERT, DeCLUTR, coCondenser, Condenser, TAS-B,
RocketQA, RetroMAE, SimLM, LaBSE, LASER, MonoT5, monoBERT, RankT5, RankGPT, KNRM, Conv-KNRM, Duet, DRMM, CLIP, OpenCLIP, BLIP, BLIP-2, ALIGN, ALBEF, FLAVA,
SigLIP, UNITER, LXMERT, ViLBERT, ViLT, VisualBERT, CoCa, UniIR, ViT, ResNet, ResNet-50, EfficientNet, ConvNeXt, Swin, DINO, DINOv2, MAE, GPT, GPT-2, GPT-3,
GPT-3.5, GPT-4, ChatGPT, LLaMA, Llama, Mistral, Mixtral, Qwen, Gemma, PaLM, Gemini, Claude, BART, PEGASUS, word2vec, GloVe, fastText, ELMo, LSTM, BiLSTM,
CNN, SVM, random forest, logistic regression, XGBoost, NV-Embed, RepLLaMA, Instructor, Jina, Nomic, ColPali, HyDE, RAG, FiD, REALM
"""
TASKS = """
passage retrieval, document retrieval, ad hoc retrieval, ad-hoc retrieval, image retrieval, video retrieval, code search, entity linking, entity retrieval,
question answering, fact checking, fact verification, claim verification, natural language inference, textual entailment, text classification, sentiment
analysis, image classification, object detection, image captioning, visual question answering, summarization, summarisation, machine translation, named
entity recognition, relation extraction, semantic textual similarity, duplicate detection, clustering, text-to-image retrieval, image-to-text retrieval,
cross-lingual retrieval, multilingual retrieval, conversational search, product search, legal retrieval, patent retrieval, citation recommendation, argument
retrieval, speech recognition, language modeling, language modelling, pair classification, reranking, first-stage retrieval, query expansion, part-of-speech
tagging
"""
POPULATIONS = """
mice=mouse, mouse, murine=mouse, rats=rat, rat, zebrafish, drosophila=fly, flies=fly, yeast, C. elegans=worm, nematodes=worm, dogs=dog, canine=dog,
cats=cat, pigs=pig, porcine=pig, rabbits=rabbit, monkeys=monkey, macaques=monkey, primates=primate, cattle, sheep, chickens=chicken, rodents=rodent,
animals=animal, animal models=animal, bacteria=bacterium, plants=plant, humans=human, human, patients=patient, patient, children=child, child,
paediatric=child, pediatric=child, adolescents=adolescent, teenagers=adolescent, infants=infant, newborns=infant, neonates=infant, preterm infants=infant,
toddlers=infant, adults=adult, adult, young adults=young adult, older adults=elderly, elderly, older people=elderly, seniors=elderly, women=women, men=men,
males=men, females=women, boys=men, girls=women, pregnant women=pregnant, postmenopausal women=postmenopausal, premenopausal women=premenopausal,
mothers=mother, smokers=smoker, non-smokers=nonsmoker, nonsmokers=nonsmoker, never-smokers=nonsmoker, veterans=veteran, athletes=athlete, students=student,
undergraduates=student, nurses=nurse, physicians=physician, caregivers=caregiver, healthy volunteers=healthy, healthy controls=healthy, healthy
individuals=healthy, healthy adults=healthy adult, survivors=survivor, inpatients=inpatient, outpatients=outpatient, hospitalized patients=inpatient,
carriers=carrier, twins=twin, diabetics=diabetic, cell lines=cell line, in vitro, in vivo, ex vivo, primary care, intensive care, low-income countries,
high-income countries, developing countries
"""
PLACES = """
Africa, Asia, Europe, North America, South America, Latin America, Oceania, United States, USA, Canada, Mexico, Brazil, Argentina, Chile, Peru, Colombia,
United Kingdom, UK, England, Scotland, Wales, Ireland, France, Germany, Italy, Spain, Portugal, Netherlands, Belgium, Switzerland, Austria, Denmark, Norway,
Sweden, Finland, Iceland, Poland, Greece, Turkey, Russia, Israel, Iran, Iraq, Saudi Arabia, Egypt, Nigeria, Ghana, Kenya, Uganda, Tanzania, Ethiopia,
Malawi, South Africa, India, Pakistan, Bangladesh, Nepal, China, Japan, Taiwan, Hong Kong, Korea, South Korea, Vietnam, Thailand, Malaysia, Singapore,
Indonesia, Philippines, Australia, New Zealand, African, Asian, European, American, Chinese, Japanese, Korean, Indian, British, Danish, Swedish, Norwegian,
Finnish, Dutch, German, French, Italian, Spanish, Australian, Canadian, Brazilian, Mexican, Hispanic, Caucasian, African American, African-American, East
Asian
"""
WHO = frozenset(
    (
        "male males female females man men woman women boy boys girl girls young younger youngest old older oldest elderly child children adult adults "
        "juvenile juveniles infant healthy sick ill diseased rural urban rich richer poor poorer married single pregnant obese lean black white"
    ).split()
)
"""Words that say of whom something is told."""
WHEN = frozenset(
    (
        "morning evening night nights day days daytime nighttime summer winter spring autumn weekday weekdays weekend weekends dawn dusk"
    ).split()
)
"""Words that say of when something is told."""
