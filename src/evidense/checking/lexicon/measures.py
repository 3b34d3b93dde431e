"""Words of tables: how measures and splits are shortened in their headings. Items are divided by commas; after "=" stands the name."""

MEASURES = """
acc=accuracy, accuracies=accuracy, prec=precision, prec.=precision, rec=recall, rec.=recall, F-score=F1, F-measure=F1, F1-score=F1, F1 score=F1,
F_1=F1, PPL=perplexity, R@=recall@, P@=precision@, Recall@=recall@, Precision@=precision@, Hits@=hits@, Hit@=hits@, Acc@=accuracy@, MRR@=MRR@, nDCG@=nDCG@,
MAP@=MAP@, F1@=F1@, BLEU-1=BLEU-1, BLEU-2=BLEU-2, BLEU-3=BLEU-3, BLEU-4=BLEU-4, ROUGE-1=ROUGE-1, ROUGE-2=ROUGE-2, ROUGE-L=ROUGE-L, WER=word error rate,
CER=character error rate, EER=equal error rate, UAS=UAS, LAS=LAS, TER=TER, chrF=chrF, CIDEr=CIDEr, SPICE=SPICE, MSE=MSE, ARI=ARI, NMI=NMI, mAP=MAP, IoU=IoU,
mIoU=mIoU, MCC=MCC, smatch=smatch, NIST=NIST, SARI=SARI, FID=FID, macro-F=macro-F1, micro-F=micro-F1, Macro F1=macro-F1, Micro F1=micro-F1, EM=exact match,
AUC-ROC=AUROC, ROC-AUC=AUROC, PR-AUC=AUPRC, OR=odds ratio, HR=hazard ratio, RR=relative risk, PPV=positive predictive value, NPV=negative predictive value
"""
PAIRED = "P=precision, R=recall, F=F1, F1=F1"
"""Letters that are measures only where all three stand side by side."""
SPLITS = "dev=dev set, test=test set, train=training set, val=validation set, valid=validation set, validation=validation set, training=training set"
"""A heading that is nothing but one of these."""
