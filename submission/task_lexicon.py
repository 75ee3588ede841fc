"""The words that tell what a question asks for, by kind and in seven languages: what the rules of `task_rules` are made of.

A kind is a set of words that do the same in an instruction: verbs for taking something out of a text, nouns for what shops
take out of titles, words for an order. A star stands for any ending; words of several parts are written with spaces. A word
has one kind: that of the first table that holds it. The languages are English, German, French, Spanish, Italian, Japanese
and Chinese, a line or more each. Of Dutch, Portuguese, Polish, Swedish, Turkish and Korean there are the verbs and the words
for texts and forms, and no names of things.
"""

# What the kinds are, each with the one letter that stands for it where rules look at the order of words.
KINDS: dict[str, tuple[str, str]] = {
    # What looks like something else: politeness, purposes.
    "nothing": (
        "_",
        """
        in order to | so kind | be so kind | would you be so kind | i would appreciate | would appreciate
        | with the help | in the end | be so good
        | do not explain
        | don't explain | no explanation | no explanations | without explanation | explanations | i would like
        | i'd like
        | we would like | i wonder | ask you | may i ask | i ask | asked you | how much money | next to | in front
        | as well as | what follows | as follows
        | keine erklärung* | ohne erklärung*
        | sans explication* | sans rien ajouter | sin explicaciones | senza spiegazioni | 説明は不要* | 説明不要
        | 不要解释 | 不需要解释 | that answers | which answers | that answer | which answer | qui répond à | qui répondent à
        | que responde a | que responden a | che risponde* a | answering
        | お願いいたします | お手数ですが""",
    ),
    # What leads in what is wanted: an act behind it begins an instruction.
    "lead": (
        ">",
        """
        please | pls | plz | kindly | could you please | would you please | can you please | could you | can you
        | would you
        | will you | would you kindly | your task is to | the task is to | your job is to | your goal is to
        | the goal is to
        | you need to | you have to | you should | you must | you are to | you are asked to | i want you to
        | i need you to
        | i'd like you to | i would like you to | we want you to | we need to | help me to | help me
        | be so kind as to
        | so kind as to | would you mind | now | then | let's
        | bitte | könntest du | könnten sie | kannst du | können sie | würdest du | würden sie | du sollst
        | deine aufgabe ist es
        | ihre aufgabe ist es | bitte ich sie | wären sie so freundlich | seien sie so freundlich
        | veuillez | merci de | pourriez-vous | pouvez-vous | peux-tu | pourrais-tu | s'il te plaît
        | s'il vous plaît | il faut
        | tu dois | vous devez | auriez-vous | ta tâche est de | votre tâche est de
        | por favor | podrías | podría | puedes | puede | debes | debe | hay que | tu tarea es | su tarea es
        | per favore | potresti | potrebbe | puoi | può | devi | deve | bisogna | il tuo compito è
        | 请""",
    ),
    # Of several parts, or decided by more than one word: before the single words that they hold.
    "verbatim": (
        "L",
        """
        taken from | taken out of | copied from | tiré du | tirés du | tirée du | entnommen | tomado del | tomada del
        | tratto dal | tratta dal | their words | his words | her words | words from the | in words of
        | with words of | with the words
        | im wortlaut
        | mit den worten | avec les mots | con las palabras | con le parole | 本文の語 | 本文中の | 用原文
        | don't paraphrase | do not paraphrase | not paraphras* | no paraphras* | without paraphras*
        | never paraphras*
        | not rephras* | don't rephras* | without rephras* | not reword* | don't reword* | without reword*
        | not rewrit* | don't rewrit* | not translat* | don't translat* | without translat* | not summar*
        | don't summar* | not correct* | don't correct* | not alter* | don't alter* | don't change | not invent*
        | don't invent* | nicht umformulier* | nicht übersetz* | nicht veränder* | nicht ändern | ohne umformulier*
        | sans reformul* | sans paraphras* | sans tradui* | ne pas reformul* | ne pas tradui* | ne reformul*
        | sin reformul* | sin parafras* | sin traduc* | no parafras* | no traduzca* | no reformul* | senza parafras*
        | senza riformul* | senza tradu* | non parafras* | non tradur* | non modificar* | 言い換えず* | 言い換えない*
        | 要約せず* | 翻訳せず* | 変えず* | 不要改写 | 不要翻译 | 不要概括 | 不得改写 | 不得改动 | 不要改动
        | own words | as used | as given | as printed | as shown | as worded | as it was written | as the text
        | as the title
        | original words | original spelling | original form | own wording | exact phrase | exact text | exact term
        | exact terms | exact form | exact wording | exact string | exactly the words | same wording | same form
        | must be in the | must be part of | must be a substring | must be contained | must stand in | word by word
        | continuous | contiguous | wie angegeben | wie geschrieben | tel qu' | telle qu' | tels qu' | telles qu'
        | tel que | telle que | tels que | telles que | tal como | tales como | tal y como | così come
        | verbatim | word for word | word-for-word | letter for letter | letter by letter | as written | as is
        | exactly as
        | exact words | exact word | exact spelling | same spelling | exact substring | as it is | as it stands
        | as they stand
        | as they are | as it appears | as they appear | as spelled | spelled | unchanged | without changing
        | without altering
        | unaltered | not change | must not change | literally | copied | original wording | same words | very words
        | own spelling | untouched | exactly the same | exactly how | just as | exactly like | words of the
        | exact match
        | direct extraction | as in the | occur in the text | occurs in the text | appears in the text
        | must appear in | must occur in
        | from the original | original text
        | wörtlich* | buchstabengetreu | wortgetreu | unverändert* | wie sie dort steht | wie sie dort stehen
        | wie er dort steht | wie es dort steht | genau so wie | so wie | wie im text | genau wie
        | tel quel | telle quelle | tels quels | telles quelles | mot pour mot | mot à mot | textuellement
        | sans les modifier
        | sans modifier | sans rien changer | à l'identique
        | tal cual | literalmente | palabra por palabra | textualmente | al pie de la letra | sin cambiar*
        | sin modificar
        | così com'è | così come | alla lettera | testualmente | letteralmente | parola per parola | senza modificar*
        | そのまま | 原文 | そのままの | 一字一句 | 表記どおり | 表記のまま
        | 原样 | 原封不动 | 逐字 | 照抄 | 一字不差 | 原词
        | letterlijk* | zoals geschreven | precies zoals | exatamente como | exatamente o que | dosłownie
        | dokładnie tak | dokładnie jak | ordagrant | exakt som | aynen | olduğu gibi | geçtiği gibi | 그대로
        | exact mentions | exact mention | mentions only
        | genauen wortlaut | genaue wortlaut | exakten wortlaut | genaue textstelle | exakten text
        | sous-chaîne exacte | sous-chaîne | mentions exactes | mention exacte | texte exact | mots exacts
        | subcadena exacta | subcadena | texto exacto | palabras exactas | menciones exactas
        | sottostringa esatta | sottostringa | testo esatto | parole esatte | menzioni esatte | substring exata | trecho exato
        | 原文子串 | 子串 | 部分文字列""",
    ),
    "own words": (
        "w",
        """
        your own words | in own words | your own | simpler words | easier words | plainer words | other words
        | different words | simple terms | simpler terms | plain terms | full sentence | complete sentence
        | full sentences | complete sentences
        | natural language
        | plain language | simple words | easy words | plain words | layman's terms | layperson | friendly | polite
        | politely
        | tone | in the style | style of | writing style | in a style | formal | informal | fluent | natural
        | humor* | humour* | funny | rhym* | flowing | coherent
        | eigenen worten | leichter sprache | einfacher sprache | einfacheren worten | ganzen satz | höflich*
        | freundlich* | fließtext | tonfall | einfachen worten
        | propres mots | mots simples | plus simple | plus simplement | phrase complète | poliment
        | bien tournées | registre
        | propias palabras | frase completa | tono | palabras sencillas
        | parole tue | parole proprie | frase completa | cortese* | garbo | tono
        | 自分の言葉 | 丁寧な | 口調 | 調で | です・ます | 自己的话 | 语气 | 口吻 | 简单的话""",
    ),
    "translate": (
        "X",
        """
        translat* | localis* | localiz* | into english | into german | into french
        | into spanish | into italian | into japanese | into chinese
        | to english | to german | to french | to spanish | to italian | to japanese | to chinese | tgt | tgt_lang
        | src_lang
        | interpreter | english version | german version | french version | spanish version | italian version
        | english title | german title | french title | spanish title | italian title
        | japanese title | chinese title | japanese version | chinese version | english rendering | english equivalent
        | übersetz* | übertrag* | ins deutsche | ins englische | ins französische
        | traduis* | traduire | traduction | traduisez
        | traduc* | traduzca | al inglés | al español | al alemán | al francés
        | traduci | traduzione | tradurre | traduca 
        | 翻訳* | 訳し | 訳す | 訳文 | 英語に | 日本語に | ドイツ語に | 翻译 | 译成 | 译为 | 英文标题
        | vertaal* | traduz* | przetłumacz* | översätt* | çevir* | 번역*""",
    ),
    "language": (
        "g",
        """
        in english | in german | in french | in spanish | in italian | in japanese | in chinese | auf deutsch
        | auf englisch
        | en anglais | 中文 | en français | en allemand | en espagnol | en inglés | en español | in inglese
        | in italiano
        | in tedesco
        | 英語で | 日本語で | 用英文 | 用中文""",
    ),
    "permutation": (
        "p",
        """
        permut* | each number once | every number once | each exactly once | once each | all numbers | all the numbers
        | all of them | full order | ids all | all ids | every one once | all five numbers | all four numbers
        | all six numbers
        | all five | all four | all six | all eight | all seven | all ten | do not repeat | not repeat
        | one time | comes second | second best | second most | third best | third most | zweitbeste*
        | zweitbesten | drittbeste* | deuxième | troisième | en segundo | segundo lugar | al secondo
        | secondo posto | 二番目 | 第二 | 其次 | each place | a place | positions | n1 n2
        | alle nummern | alle zahlen | jede nummer | tous les numéros | chaque numéro | todos los números
        | cada número
        | tutti i numeri | ogni numero | すべての番号 | 全番号 | 全部 | 全ての番号 | 一度ずつ | 全部排 | 所有编号
        | 只能出现一次
        | leaving none out | leave none out | none left out | leaving nothing out | skip none | skipping none
        | without skipping | do not skip | don't skip | omit none | without omitting | none missing | none omitted
        | ohne einen auszulassen | ohne eine auszulassen | ohne eines auszulassen | keine auslassen | keinen auslassen
        | sans en oublier | sans en omettre | sans en sauter | sin omitir* | sin saltar* | sin dejar ninguno | senza saltar*
        | senza omett* | senza tralasci* | sem pular | sem omitir | sem deixar
        | 漏れなく | もれなく | 一つも抜かさ | 不要遗漏 | 不遗漏 | 一个不漏
        | bez pomij* | alle nummers | wszystkie numery | todos os números | alla nummer""",
    ),
    "order": (
        "O",
        """
        rank* | re-rank* | rerank* | sort | sorts | sorted | sorting | arrang* | rearrang* | re-arrang* | reorder*
        | re-order*
        | reorgani* | prioriti* | sequence | sequenc* | line up | line these up | line those up | abfolge
        | line them up
        | line-up | ordering | ordered by
        | order by
        | order the | order these | order this | order them | order all | order those | order following | order for
        | order it
        | order products | order items | order candidates | in order | into order | in the order | the order
        | what order
        | which order | best order | right order | correct order | ideal order | final order | complete order
        | new order
        | an order | own order | this order | order of | descending | decreasing | descends | ascending order
        | staircase | grade them
        | sort the | put the | in sequence | leaderboard | relevance order | desc | from best | rel order
        | order plz | out order
        | rel. order | put them in | bring them | into the order | list them by | shelves in
        | ordne | ordnen | sortier* | rangfolge | reihenfolge | rangliste | reihe | anordn* | geordnet* | reihung
        | absteigend* | aufsteigend* | nach rang
        | classe | classer | classez | classement | trie | trier | triez | ordonne* | ordre | par ordre | ordre de
        | dans l'ordre | décroissant* | croissant*
        | ordena | ordenar | ordene | ordénalos | clasifi* | en orden | orden de | ranking
        | descendente* | ascendente* | decreciente* | creciente*
        | ordina | ordinare | ordini | ordinate | riordin* | classific* | in ordine | ordine di | graduatoria
        | metta in fila | decrescent* | crescent* | discendente
        | 並べ替え* | 並べ | 並び替え | 順位 | 順に | 順番 | ランキング | ランク付け | 順序 | 降順 | 昇順
        | 由高到低 | 从高到低 | 由低到高 | 从低到高 | 由大到小 | 从大到小 | 由小到大 | 从小到大 | 排好 | 排出
        | top to bottom | top-to-bottom | best to worst | front to back | alphabetical order | chronological order
        | platz | plätze | rang | rangplätze
        | 排序 | 排列 | 顺序 | 排名 | 次序 | 排一下 | 排个序 | 降序 | 升序
        | volgorde | rangschik* | sorteer* | ordene | ordem | uszereguj | posortuj | kolejności | uporządkuj
        | rangordna* | sortera | ordning | sırala* | sırasına | 순서* | 순서대로 | 정렬* | 순위*
        | van goedkoop naar duur | van klein naar groot | od najtańsz*""",
    ),
    "relevance": (
        "r",
        """
        relevance | relevancy | relevant | helpfulness | usefulness | suitability | similarity | closeness
        | probability | likelihood
        | relevanz | nützlichkeit | passgenauigkeit | wahrscheinlichkeit
        | pertinence | pertinent* | utilité | probabilité
        | relevancia | relevante* | utilidad | probabilidad
        | rilevanza | pertinenza | utilità | probabilità
        | 関連* | 関連度 | 関連性 | 可能性 | 相关性 | 相关 | 匹配度 | 可能性 | 帮助程度""",
    ),
    "cite": (
        "T",
        """
        extract* | write down | copy | copies | cite | cites | quot* | highlight* | underlin* | pinpoint*
        | isolat* | lift
        | cut out
        | pull | pulls | pull out | pick out | point out | single out | take out | locat* | spot | spots | detect*
        | recogni*
        | identif* | pars* | annotat* | transcrib* | reproduc* | repeat | captur* | catch | mark | markier* | carry
        | tag all | tag any | tag each | tag every | tag the | label all | label any | label each | label every
        | filter out | fish out | read off | note down | jot down | segment* | tagg* | tweezers
        | saca | sacar | saque | prendi | prendere | prenda | ricava* | tira fuori | obtén | obtenga | prélève*
        | zieh | nimm
        | lies heraus | hol heraus | prends | prenez
        | extrah* | heraus* | herauslös* | zitier* | kopier* | abschreib* | unterstreich* | erkenn* | kennzeichn*
        | entnimm
        | wiedergib | rauszieh* | raussuch* | übernehm* | schreib heraus | ablesen | lies ab | lesen sie ab
        | extrai* | extray* | relev* | recopi* | repér* | souligne* | cit* | isole* | prélev* | surligne*
        | extrae* | extraiga* | extracción | extraído* | anota | anote | transcrib* | copia | copiar | copie
        | copiándo* | subraya* | localiza | señala* | detecta* | reconoc* | separe
        | estra* | ricopia* | riporta* | sottolinea* | individua* | riconosc* | evidenzia* | ritaglia
        | 抜き出* | 抽出* | 書き出* | 引用 | 特定し | 抜粋
        | 提取 | 抽取 | 取出 | 摘出 | 摘录 | 抄写 | 抄出 | 识别 | 标注 | 标出 | 圈出 | 找出
        | haal uit | haal | kopieer* | markeer* | extraheer* | onderstreep* | neem over | extraia | extraía
        | copie | destaque | identifique | transcreva | sublinhe | wypisz | wyodrębnij | skopiuj | zaznacz
        | podkreśl | plocka ut | plocka | extrahera | kopiera | markera | citera | çıkar* | kopyala*
        | alıntıla* | işaretle* | 추출* | 뽑아* | 찾아서""",
    ),
    "pick": (
        "P",
        """
        select | selects | selecting | selected | selection | choos* | chosen | pick | picks | picking | tick
        | ticks | ticked
        | shortlist | recommend from | which of | which ones | all numbers that | all the numbers that
        | all numbers of | which rows | which lines | which items | which products
        | more than one | multiple answers | several answers | several may | mehrfachnennung*
        | mehrfachauswahl | mehrere antworten
        | plusieurs réponses | plusieurs choix | varias respuestas | varias opciones | più risposte
        | più di una | più di uno
        | 複数回答 | 複数選択 | 多选 | 可多选
        | all that apply | options that | opciones que | die passenden | every one of them | apply | retriev*
        | flag | take 3 | take three | take the | basket
        | wähl* | auswähl* | such heraus | suche heraus | suche | suchen sie | welche der | welche davon
        | ankreuz* | kreuz*
        | choisi* | sélectionn* | parmi | lesquel* | coche*
        | elig* | elij* | escog* | selecciona* | seleccione | marca los | marca las | marca todo* | marca toda*
        | marca con | marca solo | marca tres | marca tutt* | marca tre | marcar | cuáles de | cuáles
        | scegli* | seleziona* | scelga | quali dei | quali | segna
        | 選び | 選んで | 選択 | 選ぶ | どれ
        | 选出 | 选择 | 挑选 | 挑出 | 筛选 | 选3 | 选三 | 哪些
        | kies | selecteer* | escolha | selecione | wybierz | välj | seç | seçin | 고르* | 골라* | 선택*
        | 挑 | 选""",
    ),
    "named entity": (
        "N",
        """
        entity | entities | named entit* | ner | ent | ne type | slot | slots | sequence label* | bio tags
        | entity type
        | entität* | eigenname* | entité* | entidad* | entità | 固有表現 | エンティティ | 实体 | 命名实体""",
    ),
    "sentence count": (
        "n",
        """
        one sentence | a sentence | two sentences | three sentences | few sentences | short sentence | single sentence
        | sentences | paragraph or | a paragraph | short paragraph | one paragraph | para | few words | few lines
        | short text
        | sent | chars | characters max | max characters | characters long | characters or | characters at
        | characters including
        | max words | word limit | words max | one line | two lines | in a nutshell
        | briefly
        | concise* | brief | short answer | reply short | lines
        | ein satz | einem satz | zwei sätze* | sätzen | sätze | kurz | zeichen | stichpunkt* | absatz
        | une phrase | deux phrases | trois phrases | quelques phrases | en bref | paragraphe | brève*
        | una frase | dos frases | tres frases | frases | breve* | brevemente | párrafo | líneas | tres pasos
        | una frase | due frasi | tre frasi | frasi | paio di frasi | righe | brevemente
        | 一文 | 二文 | 三文 | 文程度 | 字以内 | 文字以内 | 一句话 | 两句话 | 三句话 | 一句 | 几句话 | 四句话 | 字以内
        | 简短
        | één zin | twee zinnen | uma frase | duas frases | jednym zdaniu | en mening | två meningar
        | bir cümle* | 한 문장* | 두 문장*""",
    ),
    "keyphrase": (
        "k",
        """
        keyphrase* | key phrase* | key-phrase* | schlüsselphrase* | kernphrase* | phrase clé | phrases clés
        | frase clave
        | frases clave | frase chiave | frasi chiave | キーフレーズ | 关键短语""",
    ),
    "keyword": (
        "K",
        """
        keyword* | key word* | key term* | key concept* | search term* | hashtags
        | categor* | topic* | taxonomy | theme | themes | path | genre of this | labels that | tags that
        | product type of
        | schlagwort* | schlagwört* | stichwort* | stichwört* | kategor* | thema | themen
        | mot-clé* | mots-clé* | mot clé | mots clés | catégor* | thème* | rubrique
        | palabra clave | palabras clave | categoría* | tema | temas
        | parola chiave | parole chiave | categori*
        | キーワード | カテゴリ* | トピック | 主題 | 关键词 | 关键字 | 类目 | 类别 | 分类 | 主题""",
    ),
    # Several phrases are listed, as entities are; one is cited as the answer.
    "snippets": (
        "U",
        """
        snippets | phrases | excerpts | passages | expressions | fragments | clauses | quotations | quotes
        | textstellen | stellen | passagen | ausdrücke | formulierungen
        | extraits | passages | fragmentos | expresiones | pasajes | frammenti | brani | espressioni | passaggi""",
    ),
    "snippet": (
        "s",
        """
        snippet* | phrase | span of | excerpt* | passage that | expression* | fragment
        | fragments | wording
        | clause | part of the review | piece of the review | bits | quotation* | formulation
        | stelle | passage | ausdruck | formulierung* | textstelle* | wortlaut
        | extrait* | expression | passage
        | fragmento* | expresión | pasaje | frase | frases
        | espressione | frasi | frammento | frammenti | brano | passaggio
        | 語句 | フレーズ | 箇所 | 部分 | 短语 | 片段 | 语句 | 词组""",
    ),
    "summary": (
        "Z",
        """
        summar* | sum up | sum it up | summing | tl;dr | tldr | recap* | gist | condens* | boils down | main point*
        | main idea*
        | key point* | abstract | synopsis | outline | overview | digest | conclusion | highlights | pros | cons
        | pro contro
        | zusammenfass* | fasse | fazit | kernaussage* | überblick
        | résum* | synthèse | synthétis* | en résumé
        | resum* | síntesis | sintetiza
        | riassum* | sintesi | sintetizza | riepilog*
        | 要約 | まとめ | 要点 | 概要 | 总结 | 概括 | 摘要 | 归纳
        | vat samen | samenvat* | resuma | resumo | streść | podsumuj | sammanfatta* | özetle* | 요약*""",
    ),
    "rewrite": (
        "R",
        """
        rewrit* | re-writ* | rephras* | paraphras* | reformulat* | reword* | correct the | correct version | corrected
        | correct this | correct all | correct any | correction | grammar* | grammatical* | spelling mistakes
        | typo* | fix
        | simplif* | shorten* | improv* | polish | convert* | turn this | turn the | turn into | split the
        | split this | into one | into a | into an | into plain | into simple | into two
        | combine* | merge | complete this | completing this | complete the | continue | fill in
        | fill the gap | fill the blank
        | blank | replace
        | expand | adapt | transform
        | remove the | make it | make this | make these | make the | edit | anew | re-tell | retell | verbaliz* | verbalis*
        | lexicaliz* | lexicalization
        | verbalization
        | disambiguat* | clean up | capitali* | say this | put together | put the facts | string together
        | without errors | w/o errors | spelling doctor | set them right | style transfer | active | passive
        | question into
        | umformulier* | formuliere um | formuliert um | formulieren sie um | verbesser* | korrigier*
        | vereinfach* | kürz* | ergänz* | vervollständig*
        | reformul* | corrig* | simplifi* | raccourci* | complét* | amélior*
        | reescrib* | corrij* | corregir | corrige | simplific* | acort* | completa | completar | completad
        | complete la | complete el | mejora
        | riscriv* | correg* | semplific* | accorcia | completa | migliora*
        | 書き換え | 言い換え | 訂正 | 修正 | 直して | 改写 | 改成 | 改正 | 纠正 | 润色 | 简化 | 补全 | 续写""",
    ),
    "compose": (
        "C",
        """
        write a | write an | write the | write your | write one | write two | write three | write down why
        | write some | write me
        | write | writing | compos* | generat* | creat* | draft* | craft* | produce | produces | producing
        | invent | come up | formulate
        | devise
        | construct* | build | imagine a | make up | make a | make an | tell a | act as | play | role | rôle
        | need a | need an
        | slogan
        | script | text for | put on paper | copywrit*
        | schreib* | verfass* | erstell* | formulier* | texten | dichte | entwirf | machen sie
        | écri* | rédig* | compose* | génér* | cré* | invente* | trouvez un
        | escrib* | redact* | crea* | genera* | compon* | invent* | elabora*
        | scriv* | crea | genera | compon* | redig* | inventa*
        | 書いて | 作成 | 作って | 考えて | 生成 | 执笔 | 写一 | 写出 | 撰写 | 写个 | 编写 | 创作 | 起一个
        | schrijf | verzin | bedenk | escreva | crie | redija | elabore | napisz | ułóż | stwórz | skriv
        | hitta på | oluştur* | 작성* | 써""",
    ),
    "reason": (
        "Y",
        """
        why | how | reason | reasons | because | explain* | explanation* | justif* | rationale | describ*
        | elaborat*
        | defin* | definition | meaning | mean | means | interpret* | discuss* | argu* | motivat* | what makes
        | used for | what is it for | was macht man | wozu | à quoi sert | para qué sirve | a cosa serve | a che serve
        | tell me about | tell us about | tell me why | tell me how | tell me whether | tell whether | purpose
        | evidence* | infer* | conclude | guess | wonder* | describing
        | clues
        | warum | wieso | weshalb | wie | erklär* | begründ* | beschreib* | erläuter* | bedeut* | grund
        | pourquoi | comment est | comment se | comment fonctionne | expliqu* | justifi* | décri* | défini*
        | signifi* | raison* | motiv*
        | por qué | cómo | explic* | justific* | describ* | defin* | significa* | razón | motivo | qué quiere decir
        | perché | come si | come funziona | spieg* | giustific* | descriv* | defini* | significa | motiv* | ragione
        | 説明 | 理由 | なぜ | どうして | 述べ | 解释 | 说明 | 描述 | 介绍 | 为什么 | 怎么 | 如何 | 原因 | 讲一讲
        | waarom | leg uit | hoe | por que | explique | descreva | dlaczego | wyjaśnij | opisz | varför
        | förklara | hur | beskriv | neden | açıkla* | nasıl | 왜 | 설명* | 이유*""",
    ),
    "judgement": (
        "H",
        """
        whether | true | false | is it | is this | does it | does this | do these | can i | could it | is there
        | are there
        | reasonable | plausible | makes sense | make sense | sense | consistent | entail* | contradict* | premise
        | hypothesis
        | claim | statement | judg* | decide | determine if | determine whether | agree | opinion
        | sentiment
        | emotion | sarcas* | good match | match or not | worth | suitable | relation between | same as | yes or no
        | correct?
        | answerable | compare | comparison | difference | in common | gemeinsam* | en commun | point commun
        | points communs | en común | in comune | 共通点 | 共同点 | advice | advise | recommend
        | suggest* | tip | tips
        | would you say | most likely planning | intent
        | ob | stimmt | wahr | falsch | aussage | beurteil* | urteil | vergleich* | unterschied | empfehl* | tipps
        | vrai* | fausse | affirmation | jugez | compar* | différence | conseil* | recommand* | hypothèse
        | verdad* | falso | afirmación | sentido | compara* | diferencia | consejo* | recomend* | aconsej*
        | vero | falso | affermazion* | senso | confront* | differenza | consigl* | raccomand*
        | 判断 | 正しい | 比較 | 違い | おすすめ | アドバイス | 适合 | 是否 | 合理 | 区别 | 比较 | 建议 | 推荐
        | 对吗""",
    ),
    "question": (
        "u",
        """
        question | questions | answer the | answer this | answer to | answers | answered | answer string
        | answer it | asks
        | asked | respond | response | reply | replies | ask | query asks | faq | trivia | riddle | quiz | wondered
        | frage | fragen | beantwort* | antwort auf | antworte auf
        | question d | répond* | réponse à | demande
        | pregunta | preguntas | respond* | contesta a | conteste a | responde
        | domanda | domande | rispond* | risposta a
        | helpful answer | useful answer | hilfreiche antwort | réponse utile | respuesta útil | risposta utile
        | help the | helping the | hilf dem | aide le | aidez le | ayuda al | aiuta il
        | お客様にどう | お客様を助け | 帮助顾客 | 帮助客户
        | 質問 | 問い | 答えて | 返信 | 返事 | 提问 | 问题 | 回答 | 回复 | 请问
        | vraag | vragen | beantwoord* | pergunta* | responda* | pytani* | odpowiedz* | fråga* | svara*
        | soru | soruya | soruyu | cevapla* | 질문* | 답변*""",
    ),
    "dialogue": (
        "D",
        """
        dialog* | conversation* | chat | customer service | support agent | story | stories | plot | movie* | film
        | article
        | essay | poem | email | e-mail | bill | biography | bio | blog | review for | recipe | joke
        | triple* | graph | knowledge base | facts | fact | concept | concepts | bullet* | keynote | speech
        | abbreviation*
        | gespräch | geschichte | kundenservice | gedicht | beitrag
        | dialogue | histoire | film | poème | service après-vente | courriel
        | diálogo | historia | película | correo | poema
        | dialogo | storia | film | mail | poesia
        | 会話 | 対話 | 物語 | 映画 | 記事 | 对话 | 故事 | 电影 | 文章 | 客服 | 邮件""",
    ),
    "kind": (
        "E",
        """
        brand | brands | name of the | names of the | name of | names of | dims | brand name* | maker | makers
        | manufacturer* | colour | colours | color | colors | shade
        | material
        | materials | fabric | textile | size | sizes | dimension* | measurement* | measure | measures | length
        | width | height
        | weight | weights | capacity | volume | quantity | quantities | pack size | piece count | count | flavor*
        | flavour*
        | scent | scents | smell | smells | fragrance* | audience | recipient | gender | age | ages | age group
        | occasion | event
        | season | holiday | celebration* | room | rooms | place | places | location* | sport | sports | activity
        | character
        | franchise | series | author | authors | publisher | artist | compatible device* | compat device | compatible
        | device | devices | phones | models
        | model | model name | model number | connector* | power | wattage | voltage | pattern* | shape | the fit
        | type of fit | finish
        | ingredient* | allergen* | condition | ailment* | disease* | symptom* | product type* | product_type
        | type of product
        | product name* | feature mentioned | price limit | price range | budget | money | date | dates | year
        | platform
        | person names | organisation* | organization* | company | companies | city | cities
        | country | countries | chemical* | gene | genes | protein | drug | drugs | dish | dishes | cuisine | genre
        | actor
        | director | product parts | parts | component* | number of seats | skin type | hair type
        | animal | animals | plant | plants | pieces | technology | operating system | resolution | frequency
        | thickness | diameter
        | depth | price | amount | unit | power source | closure | sleeve
        | neckline | certification | duration | point size | sheet count | time reference | term for the
        | type of closure
        | marke | marken | marke* | hersteller | farbe | farben | farb* | größe | größen | maß | maße | menge
        | zielgruppe | anlass
        | raum | geschmack | duft | materialien | stoff | modell | modellbezeichnung | produkttyp | produktart
        | gewicht | inhaltsstoffe
        | kapazität | volumen | leistung | spannung | muster | passform | saison | jahreszeit | altersgruppe
        | altersangabe | geschlecht | anzahl
        | stückzahl | länge | breite | höhe | zutat* | allergen* | verlag | figur | sportart | städte | länder
        | personennamen | organisation*
        | krankheit* | verschluss | preisgrenze | schnitt | gerät | geräte
        | marque | marques | couleur* | matière* | taille | quantité | contenance | parfum | goût | destinataire
        | occasion | pièce
        | modèle | type de produit | ingrédient*
        | capacité | volume | puissance | tension | saison | âge | genre | nombre de pièces | longueur | largeur
        | hauteur | odeur
        | senteur | saveur | auteur | éditeur | personnage* | lieu | lieux | villes | pays | maladie* | allergène*
        | fermeture | fabricant | public
        | marca | marcas | color | colores | material | materiales | tejido | estampado | talla | tamaño | medida*
        | cantidad
        | sabor | aroma | destinatario | ocasión | modelo | deporte | ingrediente* | tipo de producto | editorial
        | autor
        | capacidad | volumen | potencia | voltaje | temporada | edad | género | número de piezas | longitud
        | anchura | altura | olor
        | fragancia | personaje* | lugar | lugares | ciudades | enfermedad* | alérgeno* | cierre | fabricante | estilo
        | marca | marchio | marche | colore | colori | materiale | materiali | taglia | misura | misure | quantità
        | gusto
        | profumo | destinatario | occasione | stanza | modello | ingrediente | ingredienti | tipo di prodotto
        | fantasia | capo
        | capacità | volume | potenza | tensione | stagione | età | genere | numero di pezzi | lunghezza
        | larghezza | altezza | odore
        | fragranza | personaggi* | luogo | luoghi | malatti* | chiusura | produttore | stile | autore | editore
        | ブランド* | 色 | 素材 | 材質 | サイズ | 容量 | 数量 | 味 | 香り | 対象 | 型番 | キャラクター | メーカー
        | 季節 | 場所
        | 柄 | 形状 | 年齢 | 性別 | 用途 | 重量 | 長さ | 高さ | 電圧 | 成分 | 原料 | アレルゲン | 著者 | 作者 | 出版社
        | 地名 | 人名 | 個数
        | フレーバー | スタイル | シリーズ
        | 图案 | 形状 | 年龄 | 性别 | 用途 | 重量 | 长度 | 宽度 | 高度 | 电压 | 功率 | 成分 | 配料 | 过敏原 | 作者
        | 出版社 | 地名 | 人名
        | 机构 | 城市 | 疾病 | 数量 | 件数 | 系列 | 节日 | 角色 | 运动 | 香味 | 厂家 | 价格 | 季节
        | 品牌 | 颜色 | 材质 | 尺寸 | 容量 | 规格 | 口味 | 适用人群 | 人群 | 季节 | 风格 | 型号 | 地点 | 场景
        | competitor | competitors | competing product | competing products | competing brand | rival | rivals
        | receiver | addressee
        | giftee | wearer | medical condition | body area | body parts | intended use | use case | vitamin
        | vitamins | nutrient
        | mineral | spice | spices | fruit | vegetable | fruits | vegetables | herb | herbs | wood type
        | type of wood | screen size
        | display size | processor | port | ports | plug type | thread count | gauge | horsepower | torque
        | tire size | car make
        | car model | console | game title | book title | film title | album | species | pest | dosage | dose
        | side effect
        | temperature | instrument | tool | tools | garment | item type | article type | product line
        | product family | product code
        | serial number | sku | upc | isbn | warranty | expiry date | release date | delivery time
        | nutrition* | flavouring* | coating
        | sheen | opacity | heel height | inseam | waist | cup size | ring size | shoe size | bed size | bundle size
        | empfänger* | beschenkte* | maßangabe* | tierart* | körperteil* | mengenangabe* | wettbewerber
        | konkurrent* | konkurrenzprodukt*
        | einsatzort | einsatzbereich | verwendungszweck | schuhgröße | bildschirmgröße | holzart | obstsorte
        | gewürz* | vitamin*
        | nährstoff* | temperatur | seriennummer | artikelnummer | baujahr | automarke | automodell
        | bestandteil* | kompatible geräte
        | kompatibles gerät | kompatiblen geräte | nutzergruppe | personengruppe | tierrasse | sorte | sorten
        | duftnote*
        | mesure* | dimensions | appareils | destinataires | bénéficiaire | concurrent* | produit concurrent
        | usage | pointure
        | matières | coloris | espèce | espèces | vitamine* | épice* | température | numéro de série
        | marque de voiture | partie du corps
        | parties du corps | public visé | date | dates | date limite | motif | motifs | bande dessinée
        | composant* | note olfactive
        | medidas | talla de zapato | destinatarios | competidor* | producto rival | uso previsto | especie
        | especies | vitamina*
        | especia* | temperatura | número de serie | parte del cuerpo | partes del cuerpo | fecha | fechas
        | componente* | raza del perro
        | stanza | misure | destinatari | concorrent* | prodotto concorrente | uso previsto | specie
        | vitamine | spezie | numero di serie
        | parte del corpo | parti del corpo | data di scadenza | componenti | dispositivi | taglia di scarpe
        | 相手 | 贈る相手 | 体の部位 | 部位 | 寸法 | 競合 | 競合商品 | 用途 | 使用場所
        | 対応機器 | 動物 | ビタミン | 温度 | 期限 | 部品 | 受取人 | 原材料
        | 对象 | 赠送对象 | 收礼人 | 身体部位 | 部位 | 尺码 | 竞品 | 竞争产品
        | 用途 | 使用场所 | 设备 | 动物 | 维生素 | 温度 | 保质期 | 零件 | 年龄段 | 适用年龄
        | part number | battery type | connectivity | health concern | packaging | texture | textures
        | mount type | metal | metals | gemstone | gemstones | body part
        | stil | durchmesser | dicke | packungsgröße | feiertag | aktivität | künstler | modellnummer
        | auflösung | anschluss | betriebssystem | oberfläche | ausschnitt | ärmellänge | absatzhöhe | hauttyp
        | haartyp | inhaltsstoff | rasse | technologie | zertifikat | herkunft | verpackung | zubehör | metall
        | edelstein | körperteil | medikament | fassungsvermögen
        | matériau | poids | profondeur | diamètre | épaisseur | sexe | artiste | appareil | résolution
        | système d'exploitation | finition | encolure | type de peau | race | technologie | origine
        | emballage | accessoire | tissu | métal | symptôme | médicament
        | marca | patrón | peso | largo | ancho | profundidad | diámetro | grosor | sexo | público objetivo
        | ubicación | artista | dispositivo | resolución | sistema operativo | acabado | escote | tipo de piel
        | raza | organización | tecnología | origen | envase | accesorio | tela | metal | síntoma | medicamento
        | marca | peso | profondità | diametro | spessore | sapore | sesso | pubblico | artista | dispositivo
        | risoluzione | sistema operativo | finitura | vestibilità | scollo | manica | tipo di pelle | razza
        | organizzazione | tecnologia | origine | confezione | accessorio | tessuto | metallo | sintomo
        | farmaco
        | カラー | 大きさ | 模様 | 重さ | 幅 | 奥行き | 直径 | 厚さ | 体積 | 枚数 | 匂い | ターゲット層 | 行事
        | 祝日 | スポーツ | アーティスト | ジャンル
        | モデル | 品番 | 機種 | 対応機種 | 電力 | 消費電力 | 解像度 | メモリ | 接続方式 | 仕上げ | 留め具
        | 肌質 | 病気 | 症状 | 犬種 | 車種 | 組織 | 原産地
        | 包装 | 商品の種類 | 商品タイプ | 付属品 | 生地 | 布地 | 金属 | 組織名
        | 材料 | 尺码 | 花纹 | 深度 | 直径 | 厚度 | 体积 | 场合 | 艺术家 | 设备 | 适用机型 | 分辨率 | 内存
        | 工艺 | 版型 | 领型 | 袖长 | 闭合方式 | 肤质
        | 症状 | 品种 | 车型 | 年份 | 技术 | 产地 | 菜品 | 包装 | 产品类型 | 商品类型 | 配件 | 面料 | 布料 | 金属""",
    ),
    # What is searched for in texts, and what instructions speak of in other ways as often.
    "thing": (
        "h",
        """
        style | styles | airline | airlines | anatomy | animals | band | bands | breed | breeds | container
        | containers
        | currency | deadline | deadlines | diet | diets | discount | discounts | drink | drinks
        | e-mail address | event name | food | foods | hobby | hotel | hotels | interface | interfaces | job
        | jobs | language | language name | languages | memory | movie | movies | nationality | origin
        | origins | person | persons | pet | pets | phone number | profession | professions | rating | ratings
        | restaurant | restaurants | software | softwares | song | songs | speed | speeds | storage | storages
        | team | themes | ticker | tickers | title of the | url | urls | vehicle | vehicles | weapon | weapons
        | web sites | alter | beruf | datum | fahrzeug | gericht | geschwindigkeit | haustier | jahr | land
        | ort | pflanze | preis | rabatt | serie | speicher | sprache | stadt | tiefe | tier | zustand
        | activité | année | coupe | endroit | fête | langue | logiciel | manche | motif | mémoire | personne
        | plante | prix | remise | série | ville | vitesse | véhicule | état | actividad | año | ciudad
        | descuento | estado | fecha | fiesta | habitación | idioma | manga | memoria | país | persona
        | planta | plato | precio | profesión | vehículo | velocidad | animale | anno | attività | città
        | condizione | festa | lingua | paese | pianta | piatto | posizione | prezzo | professione | sconto
        | veicolo | velocità | イベント | テーマ | ペット | 人物 | 価格 | 値段 | 割引 | 国 | 年 | 形
        | 技術 | 料理 | 日付 | 植物
        | 活動 | 状態 | 職業 | 言語 | 速度 | 部屋 | 都市 | 主题 | 位置 | 国家 | 大小 | 宠物 | 房间 | 折扣
        | 日期 | 活动 | 状态 | 系统
        | 职业 | 语言 | la data | die form | la forme | la forma | il piatto""",
    ),
    # That a text holds something: what is named there can be taken out of it.
    "named": (
        "x",
        """
        words describe | words that describe | phrases that describe | phrase that describes | word that describes
        | terms that describe | named | mentioned | mention | mentions | states | specifies | specified
        | specify | does it state
        | does it name | does it mention | does it give | does it say | does it list | does it show
        | does it call | do they mention | text says | review says | it state | text state
        | review state | title state | it say | text say | review say | it give | it name | present in | occurring
        | occurs | shown in | given in | included in | contains | contain | bring up | brings up | brought up
        | refers to | refer to | referring to | spoke of | speaks of | comes up | come up in | crop up
        | referred to | listed in | appearing | contained | stated | cited | named in
        | found in | talked about | spoken of | it says | it names
        | genannt* | erwähn* | vorkomm* | angegeben* | steht | drinsteh*
        | mentionn* | nommé* | cité | cités | citée | citées | indiqué*
        | mencion* | nombrad* | citad* | aparece* | indicad*
        | menzion* | nominat* | citat* | indicat* | compare nel | compaiono nel
        | 出てくる | 書かれ* | 書いてある | 含まれ* | 言及 | 記載 | 触れ | 提到 | 提及 | 出现 | 包含 | 写到
        | genoemd* | vermeld* | mencionad* | citad* | wymienion* | nämn* | geçen | 언급*""",
    ),
    # What people think of a thing, as something that a review holds: it is pointed at there rather than told.
    "verdict": (
        "v",
        """
        complain* | complaint* | gripe* | criticis* | criticiz* | drawback* | flaw | flaws | defect*
        | shortcoming* | weakness*
        | downside* | upside* | praise* | compliment* | dislike* | likes | liked | unhappy about | happy about
        | opinion about
        | positive points | negative points | good points | bad points | strengths | problems
        | beschwer* | bemängel* | kritik* | kritisier* | lob | lobt | gelobt* | mangel | mängel | schwäche* | stärke*
        | nachteil* | vorteil* | meinung* | gefällt | missfällt
        | plainte* | se plaint | se plaignent | reproch* | critiqu* | défaut* | point fort | points forts
        | point faible | points faibles
        | point positif | points positifs | point négatif | points négatifs | inconvénient* | avantage*
        | queja* | critica | critican | defecto* | desventaja* | ventaja* | puntos fuertes | puntos débiles
        | elogi* | opina*
        | lament* | critiche | difett* | svantagg* | vantagg* | punti deboli | punti forti | pregi | elogi* | giudizio
        | 不満 | 欠点 | 短所 | 長所 | 批判 | 褒め* | 良い点 | 悪い点 | 感想 | 意見
        | 不满 | 抱怨 | 投诉 | 缺点 | 优点 | 批评 | 表扬 | 看法 | 吐槽""",
    ),
    "value": (
        "V",
        """
        attribute* | value | values | stretch | stretches | chunk | chunks | piece of | pieces of | bit of | string of
        | substring | sequence of words | subsequence | ausschnitt* | abschnitt* | textteil* | morceau*
        | bout de | trozo*
        | pezzo | pezzi | porzione | 文字列 | 字句 | 字样 | 字串 | descriptor* | mention of | mentions of | span | spans
        | token | tokens | substring* | tag | label | labels
        | slot value | names | words | word | term | terms | part | parts | section | portion
        | element
        | elements | stand for | stands for | denote* | type | types | property | properties | characteristic*
        | teil | teile | attribut* | wert | werte | wort | wörter | begriff | begriffe | bezeichnung*
        | eigenschaft* | merkmal*
        | partie | parties | valeur* | mot | mots | terme* | attribut* | propriété*
        | parte | partes | valor* | palabra | palabras | término* | atributo*
        | parte | parti | valore | valori | parola | parole | termine | termini | attributo | attributi | tipo
        | 属性 | 単語 | 語 | 値 | タイプ | 词 | 词语 | 单词 | 属性值 | 类型
        | woorden | woord | waarde | kenmerk | palavras | palavra | termos | trecho | słowa | słowo
        | wartość | orden | ordet | värdet | kelime* | ifade* | 단어* | 속성*
        | field | fields | feld | champ | campo | 字段 | 項目 | 欄""",
    ),
    "short text": (
        "S",
        """
        given a sentence | a sentence from | following sentence | title | titles | product title* | query
        | queries | search query | search phrase | search line
        | search field | search term
        | search | searches | search request | keyword query | listing | listings | offer | utterance* | request
        | requests
        | product name | item name | headline | qry | wish | input | string | sentence | label text
        | titel | produkttitel | artikelname | produktname | suchanfrage* | anfrage* | suche | angebotstitel | satz
        | titre* | intitulé | requête* | recherche* | phrase
        | título* | consulta* | búsqueda* | renglón
        | titolo | titoli | ricerca | ricerche | interrogazione
        | タイトル | 商品名 | クエリ | 検索 | 検索語 | 文
        | 标题 | 商品标题 | 查询 | 搜索词 | 搜索 | 检索 | 句子
        | zoekopdracht | zin | zinnen | busca | tytuł* | zapytani* | zdani* | titeln | meningen | sökning*
        | başlık* | cümle* | sorgu* | 제목* | 문장* | 검색어*""",
    ),
    "long text": (
        "B",
        """
        tweet | tweets | post | posts | blurb | caption | ticket | notice | leaflet | flyer | memo
        | text | texts | review | reviews | passage | paragraph | paragraphs | message | messages | letter | letters
        | description | descriptions | comment | comments | feedback | note | prose | document | documents
        | context | content
        | customer's words | reviewer | reviewers | page | testimonial* | transcript
        | rezension* | bewertung* | nachricht | beschreibung* | kommentar*
        | avis | texte* | message* | commentaire* | description*
        | reseña* | texto* | mensaje* | descripción* | comentario* | carta
        | recension* | testo | testi | messaggi* | descrizion* | commento | commenti
        | レビュー | 文章 | テキスト | 口コミ | メッセージ | 评论 | 文本 | 评价 | 留言 | 描述
        | tekst | bericht | beschrijving | recensie | avaliação | avaliações | descrição | mensagem
        | anúncio | opis | opisu | opini* | wiadomoś* | texten | annons* | meddelande* | beskrivning*
        | metin* | yorum | yorumda | yorumdan | mesaj* | 텍스트* | 리뷰* | 본문* | 글에서
        | q a
        | tickets | captions | leaflets | memos | e-mails | emails | posts""",
    ),
    "aspect": (
        "a",
        """
        aspect | aspects | aspekt* | aspecto* | aspetto | aspetti | 観点 | 方面 | 角度""",
    ),
    "give": (
        "G",
        """
        give | gives | return | returns | output | outputs | report | reports | state | provid* | list | lists
        | name | show | get | tell | tell me | tell us
        | hand over | answer with | find | finds | take | print | mention the | indicate | determine | look for
        | deliver | receive
        | carve | show me | present | write out | note down
        | gib | geben | nenne | nennen | liste | zeige | finde | such | ausgeben | gesucht | antworte
        | donne* | indique* | nomme* | liste* | trouve* | affiche*
        | indica | indique | nombra | lista | encuentra | busca | devuelve | muestra
        | indica* | nomina | elenca | trova | restituisci | mostra | dica | dimmi
        | 挙げて | 答え | 出力 | 示して | 列挙 | 教えて | 给出 | 列出 | 输出 | 写下 | 指出 | 返回 | 告诉
        | geef | noem | encontre | dê | diga | podaj | znajdź | wymień | ange | nämn | yaz | yazın | bul
        | listele* | 나열* | 적어*""",
    ),
    "which": (
        "Q",
        """
        which | what | tell me which | tell us which | tell me what | where | who | whom | whose
        | welche* | was ist | was wird | wo | wer | wem
        | quel | quelle | quels | quelles | où | quoi
        | qué | cuál | dónde | quién
        | quale | cosa | dove | chi
        | どの | 何 | どこ | 誰 | だれ | 哪个 | 什么 | 哪里 | 谁 | 哪种
        | welke | welk | qual | quais | które | który | jakie | jaki | jaka | vilka | vilken | vilket
        | hangi | hangisi | hangileri | 어떤 | 무엇* | 어느""",
    ),
    "number": (
        "I",
        """
        number | numbers | numeral* | digit | digits | indices | index | indexes | ids | id | integers | idx
        | nummer | nummern | nr | nrn | zahl | zahlen | ziffer*
        | numéro* | chiffre* | nombre* | identifiant*
        | número* | numero | cifras
        | numero | numeri | cifre
        | 番号 | 数字 | 编号 | 序号
        | nummers | numery | numer | numerów | numren | numara* | 번호*
        | positions of | positions that | positions only | 番号だけ | 番号のみ""",
    ),
    "separated": (
        "c",
        """
        comma | commas | comma-separated | separated | separate | csv | semicolon | divided
        | komma | kommas | getrennt | semikolon | trennen
        | virgule* | séparé* | sépar*
        | coma | comas | separ*
        | virgol* | separat* | separand*
        | カンマ | コンマ | 区切* | 逗号 | 隔开 | 分隔 | 分开
        | komma's | gescheiden | vírgula* | przecink* | oddzielone | kommatecken | åtskilda | virgül* | 쉼표*""",
    ),
    "only": (
        "J",
        """
        only | just | nothing else | no explanation* | no other | don't explain | not explain | without explanation
        | no words
        | no sentence | leave away | nothing more
        | nur | lediglich | ausschließlich | sonst nichts | keine erklärung*
        | seulement | uniquement | rien d'autre | rien de plus | seuls
        | solo | sólo | solamente | únicamente | nada más
        | soltanto | solo | solamente | nient'altro
        | のみ | だけ | 不要です | 只 | 仅 | 只要 | 只需
        | alleen | uitsluitend | apenas | somente | tylko | bara | endast | yalnızca | sadece""",
    ),
    "most": (
        "m",
        """
        most | best | highest | strongest | closest | top | greatest | better | nearest | cheapest | safest
        | happiest | passend
        | high | most probable | most likely | most helpful | most relevant | first | 1st | ahead | at the front
        | at the top | at the beginning
        | at the start | beginning | begin | start | starting
        | am besten | beste* | passendste* | höchste* | zuerst | oben | anfang | meisten | wichtigste* | nützlichste*
        | plus | meilleur* | premier* | tête | d' abord | mieux
        | más | mejor* | mayor | primero | primer | empezando | comenzando
        | più | miglior* | maggiore | prima | primo | per primo
        | 最も | 高い | 一番 | 最初 | 近い | 最 | 最高 | 从高 | 先 | 前面 | 最值得 | 最可能
        | mais barato | mais barata | más barato | más barata | más económico | meno caro | più economico | moins cher | moins chère
        | billigste* | günstigste* | mais leve | mais relevante | mais útil | melhor | 最便宜 | 最安 | 安い
        | naj* | goedkoop* | laagste | hoogste | meest""",
    ),
    "least": (
        "l",
        """
        least | worst | lowest | weakest | poorest | last | farthest | furthest | dearest | most far | low
        | down to | bottom | angriest
        | schlechteste* | unpassend* | zuletzt | ende | unwichtigste* | am wenigsten
        | moins | dernier* | pire | superflu
        | menos | peor* | menor | acabando | último
        | meno | peggior* | ultimo | minore
        | 低い | 最後 | 最低 | 到低 | 最不 | 后面
        | mais caro | mais cara | más caro | más cara | più caro | più cara | plus cher | plus chère | teuerste* | mais pesado
        | menos relevante | menos útil | pior | 最贵
        | duur | duurste | minst""",
    ),
    # What makes one item of a list the right one.
    "fit": (
        "f",
        """
        fit | fits | fitting | match | matches | matching | suit | suits | go with | goes with | goes well | go well
        | belong* | complement* | describes | correct | right | applies | apply to | true of
        | support* | back this up | back it up | backs up | back up | confirm* | prove* | contradict*
        | talk about | talks about | speak of
        | address* | touch on
        | ansprechen | sprechen | stütz* | beleg* | bestätig* | dazu pass*
        | parlent | parle de | confirm* | soutien* | hablan | habla de | respald* | apoy* | parlano | parla di
        | conferm* | sosteng*
        | 裏付け* | 支持 | 证明 | 谈到
        | pass* | zutrifft | zutreff* | gehör* | richtig* | ergänz*
        | convien* | correspond* | va avec | vont avec | exact | exacts | exactes | complément*
        | encaj* | coincid* | correspond* | convien* | correct* | van con | complement* | ciert* | adecuad*
        | corrispond* | abbin* | vanno bene | va bene | giust* | corrett* | adatt*
        | 合う | 合い | 合った | 当てはま* | 該当 | 正しいもの | 使える | 適した | 符合 | 搭配 | 正确 | 匹配 | 合适 | 适用
        | describe the same | describes the same | describe the very same | describes the very same | describing the same
        | mean the same | means the same | meaning the same | same product | same item | same article | very same
        | dasselbe produkt beschreiben | dasselbe produkt | gleiche produkt | denselben artikel | derselbe artikel
        | décrivent le même | même produit | même article | describen el mismo | mismo producto | mismo artículo
        | descrivono lo stesso | stesso prodotto | stesso articolo | 同じ商品 | 同一商品 | 同一の商品 | 同一款 | 相同商品 | 同款
        | dasselbe produkt wie""",
    ),
    "buy": (
        "y",
        """
        buy | buys | bought | purchase* | order next | add to cart | would need | interested in
        | kauf* | bestell* | brauch*
        | achet* | achèt* | command*
        | compr* | necesit*
        | acquist*
        | 買う | 買い | 買った | 購入 | 购买 | 买""",
    ),
    # What to write where the text holds nothing of the kind: a question that foresees it searches a text.
    "absent": (
        "z",
        """
        none if | if none | if there is none | if there are none | if no such | if nothing | if absent | if missing
        | if not present | if not mentioned | if not stated | if not given | if it is not | if there is no
        | if there's no | if there isn't | or none | else none | otherwise none | otherwise write | if any
        | not found | not mentioned | leave empty | leave it empty | leave blank
        | falls keine* | falls nicht* | wenn keine* | wenn nicht* | sonst schreib* | sonst nichts
        | s'il n' | si aucun* | s'il y en a | sinon
        | si no hay | si no aparece* | si no figura | si ningun* | en caso contrario
        | se non c'è | se non ci | se non compare | se nessun* | se manca | altrimenti
        | なければ | ない場合 | 無い場合 | 無ければ | 如果没有 | 若没有 | 若无 | 没有则 | 没有的话""",
    ),
    # What lists hold, whatever it is.
    "option": (
        "o",
        """
        option | options | candidate | candidates | choices | entries | alternatives | statements | ones
        | optionen | kandidaten | möglichkeiten | einträge | aussagen | alternativen
        | options | candidats | choix | affirmations | propositions | entrées
        | opciones | candidatos | entradas | afirmaciones | alternativas
        | opzioni | candidati | voci | affermazioni
        | 選択肢 | 候補 | 选项 | 候选 | 说法""",
    ),
    "product": (
        "M",
        """
        product | products | item | items | article | articles | goods | gift | gifts | accessor*
        | shopper | shoppers | customer | customers | buyer | buyers | user | users | visitor
        | produkt* | artikel | kunde* | kundin | käufer*
        | produit* | cet article | l' article | d' article | un article | articles | client* | acheteu*
        | producto* | artículo* | cliente* | comprador*
        | prodott* | articol* | client* | acquirente
        | 商品 | 製品 | お客様 | 顾客 | 买家 | 产品""",
    ),
    # What stands between the thing that is asked for and the text or the person that has it.
    "auxiliary": (
        "F",
        """
        does | do | did | is | are | was | were | has | have | had
        | ist | sind | war | hat | haben | wird | werden
        | est | sont | était | ont | possède
        | es | son | está | están | tiene | tienen | era
        | è | sono | ha | hanno""",
    ),
    # Articles: "name the printer" is one that the text speaks of, "name a printer" is any.
    "definite": (
        "A",
        """
        the | der | die | das | den | dem | le | la | les | l' | l’ | el | los | las | il | lo | gli""",
    ),
    "universal": (
        "W",
        """
        all | every | each | any | both | alle | allen | jede | jeden | jedes | jeder | sämtliche | tous
        | toutes | tout
        | chaque | todos | todas | cada | cualquier | tutti | tutte | ogni | qualsiasi
        | すべて | 全て | 所有 | 每个 | 各
        | alla | allt | wszystkie | wszystkich | alle | todos | todas | bütün | tüm | hepsini | 모두 | 모든""",
    ),
    "indefinite": (
        "@",
        """
        a | an | new | neue* | nouveau* | nouvel* | nuev* | nuov* | 新しい | 新的 | some | another | something
        | anything | ein | eine | einen | einem | einer | etwas | un | une | una | uno
        | unos | unas | algo | qualche | alcuni | qualcosa | quelque chose""",
    ),
    # Where a thing is taken from: words that stand before the text's name, or behind it.
    "source": (
        "i",
        """
        in it | from it | in there | in here | herein | therein | in | from | within | inside | out of | throughout
        | aus | im | innerhalb | darin | daraus
        | dans | depuis | à partir | tiré* | provenant
        | en | del | dentro | desde
        | nel | nella | nello | nell' | nell’ | dal | dalla | dallo | dall' | dall’
        | 从 | 在
        | uit | da | z | ze | w | ur | från""",
    ),
    "source behind": (
        "t",
        """
        から | の中 | 中の | 中に | 中で | 内の | にある | 里的 | 里 | 中的 | 中""",
    ),
    # What points at the text.
    "given": (
        "j",
        """
        following | below | above | given | provided | this | these
        | folgend* | untenstehend* | obige* | unten | dies*
        | suivant* | ci-dessous | ci-dessus | ce | cet | cette | ces
        | siguiente* | abajo | arriba | este | esta | estos | estas
        | seguente* | seguenti | sotto | sopra | questo | questa | questi | queste
        | 次の | 以下 | 以下の | 下記 | 上記 | この | 下面 | 下列 | 上面 | 这""",
    ),
}
