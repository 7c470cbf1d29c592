"""Facts of culture: books, music, dishes, instruments, sports, years and birthstones.

One fact a line, `subject = value` in Korean, English and Japanese.
"""

from __future__ import annotations

AUTHOR = """
햄릿 = 셰익스피어 | Hamlet = Shakespeare | ハムレット = シェイクスピア
맥베스 = 셰익스피어 | Macbeth = Shakespeare | マクベス = シェイクスピア
돈키호테 = 세르반테스 | Don Quixote = Cervantes | ドン・キホーテ = セルバンテス
파우스트 = 괴테 | Faust = Goethe | ファウスト = ゲーテ
신곡 = 단테 | The Divine Comedy = Dante | 神曲 = ダンテ
전쟁과 평화 = 톨스토이 | War and Peace = Tolstoy | 戦争と平和 = トルストイ
죄와 벌 = 도스토옙스키 | Crime and Punishment = Dostoevsky | 罪と罰 = ドストエフスキー
변신 = 카프카 | The Metamorphosis = Kafka | 変身 = カフカ
이방인 = 카뮈 | The Stranger = Camus | 異邦人 = カミュ
레미제라블 = 위고 | Les Miserables = Hugo | レ・ミゼラブル = ユゴー
어린 왕자 = 생텍쥐페리 | The Little Prince = Saint-Exupery | 星の王子さま = サン=テグジュペリ
데미안 = 헤세 | Demian = Hesse | デミアン = ヘッセ
오만과 편견 = 오스틴 | Pride and Prejudice = Austen | 高慢と偏見 = オースティン
올리버 트위스트 = 디킨스 | Oliver Twist = Dickens | オリバー・ツイスト = ディケンズ
동물 농장 = 오웰 | Animal Farm = Orwell | 動物農場 = オーウェル
노인과 바다 = 헤밍웨이 | The Old Man and the Sea = Hemingway | 老人と海 = ヘミングウェイ
모비 딕 = 멜빌 | Moby Dick = Melville | 白鯨 = メルヴィル
톰 소여의 모험 = 트웨인 | Tom Sawyer = Twain | トム・ソーヤーの冒険 = トウェイン
걸리버 여행기 = 스위프트 | Gulliver's Travels = Swift | ガリバー旅行記 = スウィフト
로빈슨 크루소 = 디포 | Robinson Crusoe = Defoe | ロビンソン・クルーソー = デフォー
피노키오 = 콜로디 | Pinocchio = Collodi | ピノキオ = コッローディ
해저 2만리 = 베른 | the Nautilus adventure = Verne | 海底二万里 = ヴェルヌ
프랑켄슈타인 = 셸리 | Frankenstein = Shelley | フランケンシュタイン = シェリー
드라큘라 = 스토커 | Dracula = Stoker | ドラキュラ = ストーカー
홍길동전 = 허균 | The Tale of Hong Gildong = Heo Gyun | 洪吉童伝 = 許筠
겐지 이야기 = 무라사키 시키부 | The Tale of Genji = Murasaki | 源氏物語 = 紫式部
설국 = 가와바타 | Snow Country = Kawabata | 雪国 = 川端康成
나는 고양이로소이다 = 나쓰메 소세키 | I Am a Cat = Soseki | 吾輩は猫である = 夏目漱石
채식주의자 = 한강 | The Vegetarian = Han Kang | 菜食主義者 = ハン・ガン
"""

COMPOSER = """
사계 = 비발디 | The Four Seasons = Vivaldi | 四季 = ヴィヴァルディ
백조의 호수 = 차이콥스키 | Swan Lake = Tchaikovsky | 白鳥の湖 = チャイコフスキー
호두까기 인형 = 차이콥스키 | The Nutcracker = Tchaikovsky | くるみ割り人形 = チャイコフスキー
마술피리 = 모차르트 | The Magic Flute = Mozart | 魔笛 = モーツァルト
월광 소나타 = 베토벤 | the Moonlight Sonata = Beethoven | 月光ソナタ = ベートーヴェン
메시아 = 헨델 | the Messiah = Handel | メサイア = ヘンデル
카르멘 = 비제 | Carmen = Bizet | カルメン = ビゼー
아이다 = 베르디 | Aida = Verdi | アイーダ = ヴェルディ
나비 부인 = 푸치니 | Madame Butterfly = Puccini | 蝶々夫人 = プッチーニ
볼레로 = 라벨 | Bolero = Ravel | ボレロ = ラヴェル
봄의 제전 = 스트라빈스키 | The Rite of Spring = Stravinsky | 春の祭典 = ストラヴィンスキー
송어 오중주 = 슈베르트 | the Trout Quintet = Schubert | ます五重奏曲 = シューベルト
핀란디아 = 시벨리우스 | Finlandia = Sibelius | フィンランディア = シベリウス
페르 귄트 모음곡 = 그리그 | the Peer Gynt suite = Grieg | ペール・ギュント組曲 = グリーグ
행성 모음곡 = 홀스트 | The Planets = Holst | 惑星組曲 = ホルスト
달빛 = 드뷔시 | Clair de lune = Debussy | 月の光 = ドビュッシー
신세계 교향곡 = 드보르자크 | the New World Symphony = Dvorak | 新世界交響曲 = ドヴォルザーク
"""

DISH = """
초밥 = 일본 | sushi = Japan | 寿司 = 日本
우동 = 일본 | udon = Japan | うどん = 日本
김치 = 한국 | kimchi = Korea | キムチ = 韓国
비빔밥 = 한국 | bibimbap = Korea | ビビンバ = 韓国
파에야 = 스페인 | paella = Spain | パエリア = スペイン
가스파초 = 스페인 | gazpacho = Spain | ガスパチョ = スペイン
피자 = 이탈리아 | pizza = Italy | ピザ = イタリア
티라미수 = 이탈리아 | tiramisu = Italy | ティラミス = イタリア
쌀국수 = 베트남 | pho = Vietnam | フォー = ベトナム
반미 = 베트남 | banh mi = Vietnam | バインミー = ベトナム
똠얌꿍 = 태국 | tom yum = Thailand | トムヤムクン = タイ
팟타이 = 태국 | pad thai = Thailand | パッタイ = タイ
마파두부 = 중국 | mapo tofu = China | 麻婆豆腐 = 中国
동파육 = 중국 | Dongpo pork = China | 東坡肉 = 中国
타코 = 멕시코 | tacos = Mexico | タコス = メキシコ
과카몰레 = 멕시코 | guacamole = Mexico | ワカモレ = メキシコ
굴라시 = 헝가리 | goulash = Hungary | グヤーシュ = ハンガリー
라타투유 = 프랑스 | ratatouille = France | ラタトゥイユ = フランス
부야베스 = 프랑스 | bouillabaisse = France | ブイヤベース = フランス
보르시 = 우크라이나 | borscht = Ukraine | ボルシチ = ウクライナ
무사카 = 그리스 | moussaka = Greece | ムサカ = ギリシャ
차지키 = 그리스 | tzatziki = Greece | ザジキ = ギリシャ
나시고렝 = 인도네시아 | nasi goreng = Indonesia | ナシゴレン = インドネシア
탄두리 치킨 = 인도 | tandoori chicken = India | タンドリーチキン = インド
세비체 = 페루 | ceviche = Peru | セビチェ = ペルー
페이조아다 = 브라질 | feijoada = Brazil | フェイジョアーダ = ブラジル
해기스 = 스코틀랜드 | haggis = Scotland | ハギス = スコットランド
퐁뒤 = 스위스 | fondue = Switzerland | フォンデュ = スイス
타진 = 모로코 | tagine = Morocco | タジン = モロッコ
"""

INSTRUMENT = """
바이올린 = 현악기 | the violin = strings | バイオリン = 弦楽器
첼로 = 현악기 | the cello = strings | チェロ = 弦楽器
하프 = 현악기 | the harp = strings | ハープ = 弦楽器
가야금 = 현악기 | the gayageum = strings | 伽耶琴 = 弦楽器
비올라 = 현악기 | the viola = strings | ビオラ = 弦楽器
오보에 = 목관악기 | the oboe = woodwind | オーボエ = 木管楽器
클라리넷 = 목관악기 | the clarinet = woodwind | クラリネット = 木管楽器
바순 = 목관악기 | the bassoon = woodwind | ファゴット = 木管楽器
플루트 = 목관악기 | the flute = woodwind | フルート = 木管楽器
트럼펫 = 금관악기 | the trumpet = brass | トランペット = 金管楽器
트롬본 = 금관악기 | the trombone = brass | トロンボーン = 金管楽器
튜바 = 금관악기 | the tuba = brass | チューバ = 金管楽器
호른 = 금관악기 | the French horn = brass | ホルン = 金管楽器
팀파니 = 타악기 | the timpani = percussion | ティンパニ = 打楽器
실로폰 = 타악기 | the xylophone = percussion | シロフォン = 打楽器
작은북 = 타악기 | the snare drum = percussion | 小太鼓 = 打楽器
탬버린 = 타악기 | the tambourine = percussion | タンバリン = 打楽器
피아노 = 건반악기 | the piano = keyboards | ピアノ = 鍵盤楽器
오르간 = 건반악기 | the organ = keyboards | オルガン = 鍵盤楽器
하프시코드 = 건반악기 | the harpsichord = keyboards | チェンバロ = 鍵盤楽器
"""

SPORT = """
축구 = 11명 | football = eleven | サッカー = 11人
크리켓 = 11명 | cricket = eleven | クリケット = 11人
농구 = 5명 | basketball = five | バスケットボール = 5人
풋살 = 5명 | futsal = five | フットサル = 5人
배구 = 6명 | volleyball = six | バレーボール = 6人
아이스하키 = 6명 | ice hockey = six | アイスホッケー = 6人
핸드볼 = 7명 | handball = seven | ハンドボール = 7人
수구 = 7명 | water polo = seven | 水球 = 7人
야구 = 9명 | baseball = nine | 野球 = 9人
럭비 유니언 = 15명 | rugby union = fifteen | ラグビーユニオン = 15人
컬링 = 4명 | curling = four | カーリング = 4人
비치발리볼 = 2명 | beach volleyball = two | ビーチバレー = 2人
조정 에이트 경기 = 9명 | rowing eights with a cox = nine | エイトのボート競技 = 9人
럭비 리그 = 13명 | rugby league = thirteen | リーグラグビー = 13人
카바디 = 7명 | kabaddi = seven | カバディ = 7人
"""

YEAR = """
달 착륙 = 1969년 | the moon landing = 1969 | 月面着陸 = 1969年
베를린 장벽 붕괴 = 1989년 | the fall of the Berlin Wall = 1989 | ベルリンの壁の崩壊 = 1989年
프랑스 혁명 = 1789년 | the French Revolution = 1789 | フランス革命 = 1789年
미국 독립 선언 = 1776년 | the American Declaration of Independence = 1776 | アメリカ独立宣言 = 1776年
서울 올림픽 = 1988년 | the Seoul Olympics = 1988 | ソウルオリンピック = 1988年
한일 월드컵 = 2002년 | the Korea-Japan World Cup = 2002 | 日韓ワールドカップ = 2002年
훈민정음 반포 = 1446년 | the proclamation of Hangul = 1446 | 訓民正音の公布 = 1446年
콜럼버스의 첫 항해 = 1492년 | the first voyage of Columbus = 1492 | コロンブスの最初の航海 = 1492年
런던 대화재 = 1666년 | the Great Fire of London = 1666 | ロンドン大火 = 1666年
워털루 전투 = 1815년 | the Battle of Waterloo = 1815 | ワーテルローの戦い = 1815年
헤이스팅스 전투 = 1066년 | the Battle of Hastings = 1066 | ヘイスティングズの戦い = 1066年
마그나 카르타 = 1215년 | the Magna Carta = 1215 | マグナ・カルタ = 1215年
타이타닉호 침몰 = 1912년 | the sinking of the Titanic = 1912 | タイタニック号の沈没 = 1912年
러시아 혁명 = 1917년 | the Russian Revolution = 1917 | ロシア革命 = 1917年
유엔 창설 = 1945년 | the founding of the United Nations = 1945 | 国際連合の設立 = 1945年
메이지 유신 = 1868년 | the Meiji Restoration = 1868 | 明治維新 = 1868年
수에즈 운하 개통 = 1869년 | the opening of the Suez Canal = 1869 | スエズ運河の開通 = 1869年
에펠탑 완공 = 1889년 | the completion of the Eiffel Tower = 1889 | エッフェル塔の完成 = 1889年
스푸트니크 발사 = 1957년 | the launch of Sputnik = 1957 | スプートニクの打ち上げ = 1957年
도쿄 올림픽 첫 개최 = 1964년 | the first Tokyo Olympics = 1964 | 最初の東京オリンピック = 1964年
"""

BIRTHSTONE = """
가넷 = 1월 | garnet = January | ガーネット = 1月
자수정 = 2월 | amethyst = February | アメジスト = 2月
아콰마린 = 3월 | aquamarine = March | アクアマリン = 3月
다이아몬드 = 4월 | diamond = April | ダイヤモンド = 4月
에메랄드 = 5월 | emerald = May | エメラルド = 5月
진주 = 6월 | pearl = June | 真珠 = 6月
루비 = 7월 | ruby = July | ルビー = 7月
페리도트 = 8월 | peridot = August | ペリドット = 8月
사파이어 = 9월 | sapphire = September | サファイア = 9月
오팔 = 10월 | opal = October | オパール = 10月
토파즈 = 11월 | topaz = November | トパーズ = 11月
터키석 = 12월 | turquoise = December | ターコイズ = 12月
"""
