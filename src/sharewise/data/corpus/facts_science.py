"""Facts of science: elements, animals, moons, measuring instruments and discoveries.

One fact a line, `subject = value` in Korean, English and Japanese.
"""

from __future__ import annotations

ELEMENT = """
수소 = 1번 | hydrogen = 1 | 水素 = 1番
헬륨 = 2번 | helium = 2 | ヘリウム = 2番
리튬 = 3번 | lithium = 3 | リチウム = 3番
탄소 = 6번 | carbon = 6 | 炭素 = 6番
질소 = 7번 | nitrogen = 7 | 窒素 = 7番
산소 = 8번 | oxygen = 8 | 酸素 = 8番
플루오린 = 9번 | fluorine = 9 | フッ素 = 9番
네온 = 10번 | neon = 10 | ネオン = 10番
나트륨 = 11번 | sodium = 11 | ナトリウム = 11番
마그네슘 = 12번 | magnesium = 12 | マグネシウム = 12番
알루미늄 = 13번 | aluminium = 13 | アルミニウム = 13番
규소 = 14번 | silicon = 14 | ケイ素 = 14番
인 = 15번 | phosphorus = 15 | リン = 15番
황 = 16번 | sulphur = 16 | 硫黄 = 16番
염소 = 17번 | chlorine = 17 | 塩素 = 17番
아르곤 = 18번 | argon = 18 | アルゴン = 18番
칼륨 = 19번 | potassium = 19 | カリウム = 19番
칼슘 = 20번 | calcium = 20 | カルシウム = 20番
철 = 26번 | iron = 26 | 鉄 = 26番
니켈 = 28번 | nickel = 28 | ニッケル = 28番
구리 = 29번 | copper = 29 | 銅 = 29番
아연 = 30번 | zinc = 30 | 亜鉛 = 30番
은 = 47번 | silver = 47 | 銀 = 47番
주석 = 50번 | tin = 50 | スズ = 50番
금 = 79번 | gold = 79 | 金 = 79番
수은 = 80번 | mercury = 80 | 水銀 = 80番
납 = 82번 | lead = 82 | 鉛 = 82番
우라늄 = 92번 | uranium = 92 | ウラン = 92番
"""

ANIMAL = """
박쥐 = 포유류 | the bat = mammals | コウモリ = 哺乳類
고래 = 포유류 | the whale = mammals | クジラ = 哺乳類
돌고래 = 포유류 | the dolphin = mammals | イルカ = 哺乳類
코끼리 = 포유류 | the elephant = mammals | ゾウ = 哺乳類
코알라 = 포유류 | the koala = mammals | コアラ = 哺乳類
오리너구리 = 포유류 | the platypus = mammals | カモノハシ = 哺乳類
펭귄 = 조류 | the penguin = birds | ペンギン = 鳥類
타조 = 조류 | the ostrich = birds | ダチョウ = 鳥類
올빼미 = 조류 | the owl = birds | フクロウ = 鳥類
독수리 = 조류 | the eagle = birds | ワシ = 鳥類
제비 = 조류 | the swallow = birds | ツバメ = 鳥類
거북 = 파충류 | the tortoise = reptiles | カメ = 爬虫類
악어 = 파충류 | the crocodile = reptiles | ワニ = 爬虫類
이구아나 = 파충류 | the iguana = reptiles | イグアナ = 爬虫類
코브라 = 파충류 | the cobra = reptiles | コブラ = 爬虫類
카멜레온 = 파충류 | the chameleon = reptiles | カメレオン = 爬虫類
개구리 = 양서류 | the frog = amphibians | カエル = 両生類
두꺼비 = 양서류 | the toad = amphibians | ヒキガエル = 両生類
도롱뇽 = 양서류 | the salamander = amphibians | サンショウウオ = 両生類
상어 = 어류 | the shark = fish | サメ = 魚類
연어 = 어류 | the salmon = fish | サケ = 魚類
참치 = 어류 | the tuna = fish | マグロ = 魚類
해마 = 어류 | the seahorse = fish | タツノオトシゴ = 魚類
뱀장어 = 어류 | the eel = fish | ウナギ = 魚類
나비 = 곤충류 | the butterfly = insects | チョウ = 昆虫類
개미 = 곤충류 | the ant = insects | アリ = 昆虫類
꿀벌 = 곤충류 | the honeybee = insects | ミツバチ = 昆虫類
잠자리 = 곤충류 | the dragonfly = insects | トンボ = 昆虫類
메뚜기 = 곤충류 | the grasshopper = insects | バッタ = 昆虫類
"""

MOON = """
타이탄 = 토성 | Titan = Saturn | タイタン = 土星
엔셀라두스 = 토성 | Enceladus = Saturn | エンケラドゥス = 土星
레아 = 토성 | Rhea = Saturn | レア = 土星
유로파 = 목성 | Europa = Jupiter | エウロパ = 木星
이오 = 목성 | Io = Jupiter | イオ = 木星
가니메데 = 목성 | Ganymede = Jupiter | ガニメデ = 木星
칼리스토 = 목성 | Callisto = Jupiter | カリスト = 木星
포보스 = 화성 | Phobos = Mars | フォボス = 火星
데이모스 = 화성 | Deimos = Mars | ダイモス = 火星
트리톤 = 해왕성 | Triton = Neptune | トリトン = 海王星
네레이드 = 해왕성 | Nereid = Neptune | ネレイド = 海王星
티타니아 = 천왕성 | Titania = Uranus | チタニア = 天王星
오베론 = 천왕성 | Oberon = Uranus | オベロン = 天王星
미란다 = 천왕성 | Miranda = Uranus | ミランダ = 天王星
"""

GAUGE = """
온도계 = 온도 | a thermometer = temperature | 温度計 = 温度
기압계 = 기압 | a barometer = air pressure | 気圧計 = 気圧
습도계 = 습도 | a hygrometer = humidity | 湿度計 = 湿度
풍속계 = 바람의 속도 | an anemometer = wind speed | 風速計 = 風の速さ
지진계 = 땅의 흔들림 | a seismograph = ground shaking | 地震計 = 地面の揺れ
주행거리계 = 달린 거리 | an odometer = distance driven | 走行距離計 = 走った距離
고도계 = 높이 | an altimeter = height | 高度計 = 高さ
전류계 = 전류 | an ammeter = electric current | 電流計 = 電流
전압계 = 전압 | a voltmeter = voltage | 電圧計 = 電圧
우량계 = 비의 양 | a pluviometer = rainfall | 雨量計 = 雨の量
각도기 = 각도 | a protractor = angles | 分度器 = 角度
체중계 = 몸무게 | a bathroom scale = body weight | 体重計 = 体重
크로노미터 = 시간 | a chronometer = time | クロノメーター = 時間
나침반 = 방향 | a compass = direction | 方位磁針 = 方角
"""

DISCOVERY = """
라듐 = 퀴리 | radium = Curie | ラジウム = キュリー
페니실린 = 플레밍 | penicillin = Fleming | ペニシリン = フレミング
다이너마이트 = 노벨 | dynamite = Nobel | ダイナマイト = ノーベル
만유인력 = 뉴턴 | universal gravitation = Newton | 万有引力 = ニュートン
상대성 이론 = 아인슈타인 | relativity = Einstein | 相対性理論 = アインシュタイン
자연 선택 = 다윈 | natural selection = Darwin | 自然選択 = ダーウィン
유전 법칙 = 멘델 | the laws of inheritance = Mendel | 遺伝の法則 = メンデル
주기율표 = 멘델레예프 | the periodic table = Mendeleev | 周期表 = メンデレーエフ
엑스선 = 뢴트겐 | X-rays = Roentgen | エックス線 = レントゲン
광견병 백신 = 파스퇴르 | the rabies vaccine = Pasteur | 狂犬病ワクチン = パスツール
천연두 백신 = 제너 | the smallpox vaccine = Jenner | 天然痘ワクチン = ジェンナー
화학 전지 = 볼타 | the chemical battery = Volta | 化学電池 = ボルタ
전자기 유도 = 패러데이 | electromagnetic induction = Faraday | 電磁誘導 = ファラデー
행성 운동 법칙 = 케플러 | the laws of planetary motion = Kepler | 惑星運動の法則 = ケプラー
불확정성 원리 = 하이젠베르크 | the uncertainty principle = Heisenberg | 不確定性原理 = ハイゼンベルク
점자 = 브라유 | raised-dot writing = Braille | 点字 = ブライユ
부력의 원리 = 아르키메데스 | the principle of buoyancy = Archimedes | 浮力の原理 = アルキメデス
중성자 = 채드윅 | the neutron = Chadwick | 中性子 = チャドウィック
"""
